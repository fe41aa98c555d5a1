import { knownLanguage } from '../decide/languages.ts';
import { Digests } from '../mail/digests.ts';
import { mailLanguages } from '../mail/mailLanguages.ts';
import type { Portal } from '../portal/Portal.ts';
import type { CatalogReader } from '../portal/storableCatalog.ts';
import type { Records } from '../record/Records.ts';
import type { Config } from '../settings/Config.ts';

/** What mail to maintainers is made of. */
export interface MailDeps {
  readonly config: Config;
  readonly portal: Portal;
  readonly catalog: Pick<CatalogReader, 'contactOf'>;
  readonly records: Pick<Records, 'mails' | 'leases'>;
  readonly owner: string;
  now(): Date;
}

/** null: server and sender are not named. Only then is the library loaded that speaks SMTP. */
export async function openMail({ config, portal, catalog, records, owner, now }: MailDeps): Promise<Digests | null> {
  const { mailSmtpUrl: url, mailFrom: from, mailLanguage: language } = config;
  if (url === null || from === null) return null;
  const { SmtpMailer } = await import('../mail/smtpMailer.ts');
  const { name, mailWords } = portal.info;
  const { site } = portal.urls;
  const archiverUrl = portal.urls.archiver.replace(/\/+$/, '');
  const languages = mailLanguages(mailWords);
  noteGaps(portal, catalog, knownLanguage(Object.keys(languages), language) === undefined ? language : null);
  return new Digests({
    mails: records.mails,
    leases: records.leases,
    contactOf: catalog.contactOf?.bind(catalog) ?? null,
    mailer: new SmtpMailer({ url, from, portal: site }),
    // Past us, so that the portal is asked who may have a copy.
    composing: { portal: { name, site }, archiverUrl, languages, language, copyUrl: (key) => `${archiverUrl}/${key}` },
    confirmFailures: config.confirmFailures,
    graceMs: config.mailGraceMs,
    remindersMs: config.mailRemindersMs,
    owner,
    now,
    logger: portal.logger,
  });
}

/** Nothing is wrong with it; but nobody is written to, or in another language than was wanted. */
function noteGaps({ logger }: Portal, { contactOf }: MailDeps['catalog'], unknownLanguage: string | null): void {
  if (!contactOf) logger.warn({}, 'no mail is sent: the catalogue of the portal names nobody (contactOf)');
  if (unknownLanguage !== null)
    logger.warn({ language: unknownLanguage }, 'mail is written in English: its language has no words');
}
