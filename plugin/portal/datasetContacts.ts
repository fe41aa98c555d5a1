import { mailAddressOf } from '../decide/mail/mailAddress.ts';
import type { Contact } from '../model/contact.ts';
import type { TableColumns } from './tableColumns.ts';
import type { DatasetTable } from './tableNames.ts';

/** What a row says of whom to write to: the maintainer comes first, the author after. */
interface ContactColumns {
  readonly maintainer: string | null;
  readonly maintainerEmail: string | null;
  readonly author: string | null;
  readonly authorEmail: string | null;
}

type ContactRow = ContactColumns & { readonly datasetId: string };

/** Columns of {@link ContactColumns}: read where they are there and may be read. */
export const CONTACT_ROLES = ['maintainer', 'maintainerEmail', 'author', 'authorEmail'] as const;

/** Selects a {@link ContactRow} of datasets (`d`); null: no column holds addresses that may be read. */
export function contactList(names: DatasetTable, columns: TableColumns): string | null {
  if (![names.maintainerEmail, names.authorEmail].some(columns.mayRead)) return null;
  const selected = CONTACT_ROLES.map((role) =>
    columns.mayRead(names[role]) ? `cast(d.:${role}: as text) as "${role}"` : `null as "${role}"`,
  );
  return ['cast(d.:id: as text) as "datasetId"', ...selected].join(', ');
}

/** By dataset; those whose columns hold no address are left out. */
export function contactsOf(rows: readonly ContactRow[]): ReadonlyMap<string, Contact> {
  return new Map(
    rows.flatMap((row) => {
      const contact = contactOf(row.maintainerEmail, row.maintainer) ?? contactOf(row.authorEmail, row.author);
      return contact === null ? [] : [[row.datasetId, contact] as const];
    }),
  );
}

function contactOf(email: string | null, name: string | null): Contact | null {
  const address = email === null ? null : mailAddressOf(email);
  return address === null ? null : { address, name: name?.trim() || null };
}
