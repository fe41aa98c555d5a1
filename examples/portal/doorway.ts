import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';

const RETRY_SECONDS = 1;

const STARTING = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="${RETRY_SECONDS}">
<title>The portal is starting</title></head>
<body><h1>The portal is starting</h1><p>This page loads again by itself.</p></body></html>
`;

/** Where requests come in from the first moment on: to a page that loads again until the portal is open, then to the portal. */
export class Doorway {
  #portal: RequestListener = answerStarting;

  readonly handle = (request: IncomingMessage, response: ServerResponse): void => {
    this.#portal(request, response);
  };

  /** From now on the portal answers. */
  open(portal: RequestListener): void {
    this.#portal = portal;
  }
}

/** 503 to every method and path, for browsers, health checks and programs alike. */
function answerStarting(request: IncomingMessage, response: ServerResponse): void {
  response
    .writeHead(503, {
      'Retry-After': RETRY_SECONDS,
      'Cache-Control': 'no-store',
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Length': Buffer.byteLength(STARTING),
    })
    .end(request.method === 'HEAD' ? undefined : STARTING);
}
