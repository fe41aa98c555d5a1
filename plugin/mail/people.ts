import { mailboxOf } from '../decide/mail/mailAddress.ts';
import type { Contact } from '../model/contact.ts';
import type { CatalogReader } from '../portal/storableCatalog.ts';
import type { DatasetOwner, Mails, MailView } from '../record/Mails.ts';

/** Somebody whom there is a reason to write to. */
export interface Addressee {
  readonly mailbox: string;
  readonly contact: Contact;
  /** All of theirs that something is told of. */
  readonly datasetIds: readonly string[];
}

/** What is asked for whom. */
export interface PeopleDeps {
  readonly mails: Pick<Mails, 'datasets' | 'due' | 'settle'>;
  readonly contactOf: NonNullable<CatalogReader['contactOf']>;
}

/** The portal is asked for so many datasets at a time. */
const ASKED = 1000;

/**
 * Everybody there is a reason to write to, by the contacts that the portal names now. What was told to somebody whose dataset has
 * become nobody's is forgotten with `settle`.
 */
export async function addressees(
  { mails, contactOf }: PeopleDeps,
  view: MailView,
  { settle }: { readonly settle: boolean },
): Promise<readonly Addressee[]> {
  const datasetIds = await mails.datasets(view);
  const people = new Map<string, { contact: Contact; datasetIds: string[] }>();
  const due = new Set<string>();
  for (let from = 0; from < datasetIds.length; from += ASKED) {
    const asked = datasetIds.slice(from, from + ASKED);
    const contacts = await contactOf(asked);
    const owners = asked.map((datasetId) => ownerOf(datasetId, contacts.get(datasetId) ?? null));
    if (settle) await mails.settle(owners);
    for (const mailbox of await mails.due(owners, view)) due.add(mailbox);
    for (const datasetId of asked) addTo(people, datasetId, contacts.get(datasetId) ?? null);
  }
  return [...people].flatMap(([mailbox, person]) => (due.has(mailbox) ? [{ mailbox, ...person }] : []));
}

const ownerOf = (datasetId: string, contact: Contact | null): DatasetOwner => ({
  datasetId,
  mailbox: contact && mailboxOf(contact.address),
});

function addTo(
  people: Map<string, { contact: Contact; datasetIds: string[] }>,
  datasetId: string,
  contact: Contact | null,
): void {
  if (contact === null) return;
  const mailbox = mailboxOf(contact.address);
  const known = people.get(mailbox);
  if (known) known.datasetIds.push(datasetId);
  else people.set(mailbox, { contact, datasetIds: [datasetId] });
}
