import { createHash } from 'node:crypto';
import { plainText } from '../decide/plainText.ts';
import type { MailLanguages } from '../model/mailWords.ts';
import type { MailClaim, News } from '../record/Mails.ts';
import type { ReportedLink } from '../record/ReportedLinks.ts';
import { letterHtml } from './letterHtml.ts';
import { letterOf, type Sender } from './letterOf.ts';
import { letterText } from './letterText.ts';
import type { Mail } from './Mailer.ts';
import { speechOf } from './mailLanguages.ts';
import type { Addressee } from './people.ts';

/** Who writes, in which languages. */
export interface Composing extends Sender {
  readonly languages: MailLanguages;
  /** Of people of whom the portal names none. */
  readonly language: string;
  /** Where the handler is mounted, absolute. */
  readonly archiverUrl: string;
}

/** What one mail is about. */
export interface MailParts {
  readonly person: Pick<Addressee, 'mailbox' | 'contact'>;
  readonly claim: MailClaim;
  readonly news: readonly News[];
  readonly links: readonly ReportedLink[];
  readonly date: Date;
}

const LONGEST_NAME = 100;

/** One mail, as text and as HTML. */
export function composeMail({ person, claim, news, links, date }: MailParts, composing: Composing): Mail {
  const { contact, mailbox } = person;
  const { language, words } = speechOf(composing.languages, [contact.language, composing.language]);
  const endUrl = `${composing.archiverUrl}/mail/unsubscribe/${claim.token}?lang=${encodeURIComponent(language)}`;
  const letter = letterOf({ contact, language, words, news, links, endUrl }, composing);
  return {
    to: { name: contact.name === null ? '' : plainText(contact.name, LONGEST_NAME), address: contact.address },
    subject: letter.subject,
    text: letterText(letter),
    html: letterHtml(letter),
    messageId: messageIdOf(mailbox, claim),
    date,
    endUrl,
  };
}

/** The same until a mail is known to be sent: who got it twice after all can tell. The token stays unknown. */
function messageIdOf(mailbox: string, { token, number }: MailClaim): string {
  const said = JSON.stringify(['mail', mailbox, token, number]);
  return `archiver.${createHash('sha256').update(said).digest('hex').slice(0, 40)}`;
}
