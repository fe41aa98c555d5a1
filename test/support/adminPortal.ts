import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import type { AuthorizationRequest } from '../../plugin/portal/Portal.ts';
import { ShownPortal } from './shownPortal.ts';

export type Role = 'anonymous' | 'reader' | 'editor' | 'administrator';

const MAY: Readonly<Record<Role, readonly AuthorizationRequest['action'][]>> = {
  anonymous: ['archive.read'],
  reader: ['archive.read', 'archive.download'],
  editor: ['archive.read', 'archive.download', 'archive.trigger', 'archive.report'],
  administrator: ['archive.read', 'archive.download', 'archive.trigger', 'archive.report', 'archive.admin'],
};

/** What a role may do in a dataset that everybody sees. */
export const mayDo = (role: Role, action: AuthorizationRequest['action']): boolean => MAY[role].includes(action);

/** By the cookie of a portal's login, which a browser sends by itself. */
export function roleOf({ headers }: IncomingMessage): Role {
  const [, name = ''] = /(?:^|;\s*)login=(\w+)/.exec(headers.cookie ?? '') ?? [];
  return name === 'reader' || name === 'editor' || name === 'administrator' ? name : 'anonymous';
}

/** An archiver that is mounted at `/archiver` of a portal with a login, where a browser can reach it. */
export class AdminPortal {
  readonly portal: ShownPortal;
  /** `http://127.0.0.1:…` */
  readonly site: string;
  readonly #server: Server;

  private constructor(portal: ShownPortal, site: string, server: Server) {
    this.portal = portal;
    this.site = site;
    this.#server = server;
  }

  static async open(options: Omit<Parameters<typeof ShownPortal.open>[0], 'site'> = {}): Promise<AdminPortal> {
    const app = express();
    const server = createServer(app);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const site = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const portal = await ShownPortal.open({ ...options, site });
    portal.authorize = (request, { action, datasetId }) => {
      const role = roleOf(request);
      return MAY[role].includes(action) && (datasetId !== 'secret' || role === 'editor' || role === 'administrator');
    };
    app.use('/archiver', portal.handler);
    return new AdminPortal(portal, site, server);
  }

  urlOf(path: string): string {
    return `${this.site}/archiver${path}`;
  }

  /** Asks as somebody who signed in to the portal, and follows nothing. */
  ask(path: string, role: Role, init: RequestInit = {}): Promise<Response> {
    const headers = { Cookie: `login=${role}`, ...Object(init.headers) };
    return fetch(this.urlOf(path), { redirect: 'manual', ...init, headers });
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await this.portal.close();
  }
}
