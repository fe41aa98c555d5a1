import type { Request, Response } from 'express';
import { ArchiverError } from '../../errors.ts';
import type { Action } from '../../portal/Portal.ts';
import { may, requirePermission, type Subject } from '../access.ts';
import type { HandlerDeps } from '../HandlerDeps.ts';
import { type PageQuery, pageQueryOf } from '../paging.ts';
import { browserOf, giveBrowser } from './frame/browserCookie.ts';
import { type Html, html } from './frame/html.ts';
import type { Place } from './frame/Place.ts';

/** How a page's route answers: as a page, or a table of it alone. */
export type Format = 'html' | 'csv' | 'json';

const ANYTHING: Subject = { datasetId: null, resourceId: null };

/** Where the handler is mounted, as a path without a slash at its end. */
export const baseOf = (archiverUrl: string): string => new URL(archiverUrl).pathname.replace(/\/+$/, '');

/** One request of a page for operators. */
export class Visit {
  readonly deps: HandlerDeps;
  readonly request: Request;
  readonly response: Response;
  readonly format: Format;
  readonly place: Place;

  constructor(deps: HandlerDeps, request: Request, response: Response, format: Format = 'html') {
    this.deps = deps;
    this.request = request;
    this.response = response;
    this.format = format;
    this.place = { base: baseOf(deps.archiverUrl), portal: deps.portal, now: deps.now() };
  }

  /** Which part of the table is asked for. Throws `invalid-request`. */
  get page(): PageQuery {
    return pageQueryOf(this.request);
  }

  /** A parameter of the path. */
  named(name: 'id' | 'host'): string {
    const { [name]: value } = this.request.params;
    return typeof value === 'string' ? value : '';
  }

  /** One text of the query; null: not given. Throws `invalid-request`. */
  asked(name: string): string | null {
    const value = this.request.query[name];
    if (value === undefined || value === '') return null;
    if (typeof value === 'string') return value;
    throw new ArchiverError('invalid-request', `${name} is given once.`);
  }

  /** Throws `forbidden` where the caller may not look at reports. */
  requireReport(subject: Subject = ANYTHING): Promise<void> {
    return requirePermission(this.deps, this.request, 'archive.report', subject);
  }

  /** Whether forms that change something are for the caller. */
  mayChange(subject: Subject = ANYTHING, action: Action = 'archive.admin'): Promise<boolean> {
    return may(this.deps, this.request, action, subject);
  }

  /** The field that every form that changes something carries. */
  async tokenField(): Promise<Html> {
    const { formTokens, formCaller } = this.deps.admin;
    const browser = browserOf(this.request) ?? formTokens.newBrowser();
    giveBrowser(browser, this.place, this.deps.archiverUrl, this.response);
    const token = await formTokens.issue({ browser, caller: formCaller(this.request) });
    return html`<input type="hidden" name="token" value="${token}">`;
  }

  /** Throws `forbidden` for a form that no page of ours was answered with, and for who may not change anything. */
  async requireForm(subject: Subject = ANYTHING): Promise<void> {
    const { formTokens, formCaller } = this.deps.admin;
    const owner = { browser: browserOf(this.request) ?? '', caller: formCaller(this.request) };
    if (!(await formTokens.accepts(this.field('token'), owner)))
      throw new ArchiverError(
        'forbidden',
        'This form is too old, or not of the page that you see. Load the page again.',
      );
    await requirePermission(this.deps, this.request, 'archive.admin', subject);
  }

  /** A field of the form that was sent; '' where it has none. */
  field(name: string): string {
    const body: unknown = this.request.body;
    const value: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, name) : undefined;
    return typeof value === 'string' ? value.trim() : '';
  }

  /** After a form: the page that shows what has become of it. */
  leadTo(path: string): void {
    this.response.redirect(303, path);
  }
}
