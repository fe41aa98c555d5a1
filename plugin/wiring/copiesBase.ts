import type { Portal } from '../portal/Portal.ts';
import type { Config } from '../settings/Config.ts';

/** What the URL of a copy begins with: the public place, but never for a private dataset, whose copies are asked for here. */
export const copiesBase = (config: Config, { urls }: Pick<Portal, 'urls'>, isPrivate: boolean): string =>
  (isPrivate ? null : config.publicCopiesUrl) ?? urls.archiver;
