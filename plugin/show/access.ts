import type { IncomingMessage } from 'node:http';
import type { Request } from 'express';
import { ArchiverError, messageOf } from '../errors.ts';
import type { Action } from '../portal/Portal.ts';
import type { HandlerDeps } from './HandlerDeps.ts';

/** What somebody wants to touch; null: no dataset or resource in particular. */
export interface Subject {
  readonly datasetId: string | null;
  readonly resourceId: string | null;
}

/** The host's answer; a host that throws denies. */
export async function may(
  deps: HandlerDeps,
  request: IncomingMessage,
  action: Action,
  subject: Subject,
): Promise<boolean> {
  try {
    return (await deps.authorize(request, { action, ...subject })) === true;
  } catch (error) {
    deps.logger.error({ action, ...subject, error: messageOf(error) }, 'authorize threw; denied');
    return false;
  }
}

/** Throws `forbidden`. For what changes something. */
export async function requirePermission(
  deps: HandlerDeps,
  request: Request,
  action: Action,
  subject: Subject,
): Promise<void> {
  if (await may(deps, request, action, subject)) return;
  throw new ArchiverError('forbidden', `You may not do this (${action}).`);
}

/** Throws `not-found`: what somebody may not see does not exist for them. */
export async function requireVisible(
  deps: HandlerDeps,
  request: Request,
  action: Action,
  subject: Subject,
  what: string,
): Promise<void> {
  if (await may(deps, request, action, subject)) return;
  throw new ArchiverError('not-found', `There is no ${what}.`);
}
