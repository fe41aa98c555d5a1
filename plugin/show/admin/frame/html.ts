import { type SafeHtml, html as template } from '@remix-run/html-template';

/** HTML that is escaped where it must be. */
export type Html = SafeHtml;

/** The tag of every template of the pages: what is put in is text, unless it is such HTML itself. `false` would be shown. */
export const html = template;
