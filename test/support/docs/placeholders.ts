/** What the names in the examples of the documents stand for in one installation; docs/README.md tells readers of them. */
export interface Places {
  /** URL of the portal. */
  readonly portal: string;
  /** URL of a file of a publisher. */
  readonly file: string;
  readonly databaseUrl: string;
  /** null: there is none here. */
  readonly mongodbUrl: string | null;
  /** Connection string of an account of Azure Storage. */
  readonly azure: string;
  readonly token: string;
  readonly resourceId: string;
}

/** Longer ones first: one may begin with another. */
const PLACEHOLDERS: Readonly<Record<string, (places: Places) => string>> = {
  'mongodb://mongo1,mongo2,mongo3/archiver?replicaSet=rs0&w=majority': ({ mongodbUrl }) => mongodbUrl ?? '',
  'DefaultEndpointsProtocol=https;AccountName=…': ({ azure }) => azure,
  'https://example.org/data.csv': ({ file }) => file,
  'postgres://portal@db/portal': ({ databaseUrl }) => databaseUrl,
  'https://data.example': ({ portal }) => portal,
  'the-id-of-a-resource': ({ resourceId }) => resourceId,
  'the-token': ({ token }) => token,
};

/** Every name that stands for something else. */
export const PLACEHOLDER_NAMES = Object.keys(PLACEHOLDERS);

/** A block of a page as it is run here. */
export function filledIn(text: string, places: Places): string {
  return Object.entries(PLACEHOLDERS).reduce((filled, [name, of]) => filled.replaceAll(name, of(places)), text);
}
