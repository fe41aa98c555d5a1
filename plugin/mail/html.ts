import { type SafeHtml, html as template } from '@remix-run/html-template';

/** HTML that is escaped where it must be. */
export type Html = SafeHtml;

/** What is put in is text, unless it is such HTML itself. `false` would be shown. */
export const html = template;
