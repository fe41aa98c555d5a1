import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { type ParsedMail, simpleParser } from 'mailparser';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

/** What a server answers to the recipient of a mail; null: it takes it. */
type Answer = { readonly code: number; readonly message: string } | null;

/** A mail as it arrived: who the envelope was for, and what is in it. */
export interface Arrived {
  readonly to: string;
  readonly mail: ParsedMail;
  readonly raw: string;
}

/** A real SMTP server on a port of its own, which keeps what it takes. */
export class MailServer {
  readonly arrived: Arrived[] = [];
  /** Recipients that it was asked for, also those that it refused. */
  readonly asked: string[] = [];
  answerTo: (address: string) => Answer = () => null;
  /** What happens when a message is whole, before it is taken. */
  beforeTaken: () => Promise<Answer> = async () => null;
  readonly #sockets = new Set<Socket>();
  #server: SMTPServer;
  #port = 0;

  private constructor() {
    this.#server = this.#create();
  }

  static async open(): Promise<MailServer> {
    const server = new MailServer();
    await server.#listen(0);
    return server;
  }

  get url(): string {
    return `smtp://127.0.0.1:${this.#port}`;
  }

  /** For people of this address. */
  of(address: string): readonly Arrived[] {
    return this.arrived.filter(({ to }) => to === address);
  }

  /** Nobody listens at its port, and nobody is connected. */
  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.breakConnections();
    await closed;
  }

  /** As when a cable is pulled. */
  breakConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** At the same port. */
  async startAgain(): Promise<void> {
    this.#server = this.#create();
    await this.#listen(this.#port);
  }

  async #listen(port: number): Promise<void> {
    const listening = this.#server.listen(port, '127.0.0.1');
    listening.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    await once(listening, 'listening');
    this.#port = (listening.address() as AddressInfo).port;
  }

  #create(): SMTPServer {
    const server = new SMTPServer({
      ...{ authOptional: true, disabledCommands: ['STARTTLS', 'AUTH'], disableReverseLookup: true, logger: false },
      onRcptTo: ({ address }, _session, callback) => {
        this.asked.push(address);
        callback(errorOf(this.answerTo(address)));
      },
      onData: (stream, { envelope }, callback) => {
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('end', () => {
          void this.#take(Buffer.concat(chunks), envelope.rcptTo[0]?.address ?? '').then(callback);
        });
      },
    } satisfies SMTPServerOptions);
    // A client that breaks off is what some tests want.
    server.on('error', () => undefined);
    return server;
  }

  async #take(raw: Buffer, to: string): Promise<Error | null> {
    const refusal = errorOf(await this.beforeTaken());
    if (refusal === null) this.arrived.push({ to, mail: await simpleParser(raw), raw: raw.toString() });
    return refusal;
  }
}

function errorOf(answer: Answer): Error | null {
  return answer && Object.assign(new Error(answer.message), { responseCode: answer.code });
}
