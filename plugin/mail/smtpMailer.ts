import { createTransport, type Transporter } from 'nodemailer';
import { mailboxParts } from '../decide/mail/mailAddress.ts';
import { messageOf } from '../errors.ts';
import type { Mail, MailEnd, Mailer } from './Mailer.ts';

/** Where mail is handed to, and in whose name. */
export interface SmtpOptions {
  /** `smtp:` or `smtps:`, its credentials percent-encoded. */
  readonly url: string;
  /** As `From` has it. */
  readonly from: string;
  /** Of the portal; named in `List-Id`. */
  readonly portal: string;
}

const CONNECT_MS = 15_000;
const SILENT_MS = 30_000;
const LOOPBACK = /^(localhost|127(\.\d+){3}|\[?::1\]?)$/;

/** Hands mail to an SMTP server, on a connection of its own for each: none is tried again behind our back. */
export class SmtpMailer implements Mailer {
  readonly #transport: Transporter;
  readonly #from: { readonly name: string; readonly address: string };
  readonly #portal: string;

  constructor({ url, from, portal }: SmtpOptions) {
    this.#transport = createTransport(transportOf(new URL(url)));
    this.#from = mailboxParts(from) ?? { name: '', address: from };
    this.#portal = portal;
  }

  async verify(): Promise<string | null> {
    try {
      await this.#transport.verify();
      return null;
    } catch (error) {
      return messageOf(error);
    }
  }

  async send(mail: Mail): Promise<MailEnd> {
    try {
      await this.#transport.sendMail(this.#messageOf(mail));
      return { kind: 'sent' };
    } catch (error) {
      return { kind: failureOf(error), reason: messageOf(error) };
    }
  }

  #messageOf({ to, subject, text, html, messageId, date, endUrl }: Mail) {
    const domain = this.#from.address.replace(/^.*@/, '');
    return {
      from: this.#from,
      to,
      envelope: { from: this.#from.address, to: [to.address] },
      ...{ subject, text, html, date },
      messageId: `<${messageId}@${domain}>`,
      headers: {
        // RFC 3834, and what Exchange knows instead of it: nobody answers that they are away.
        'Auto-Submitted': 'auto-generated',
        'X-Auto-Response-Suppress': 'All',
        // RFC 8058; without TLS its one click is not offered, for it wants `https:`.
        'List-Unsubscribe': `<${endUrl}>`,
        ...(endUrl.startsWith('https:') && { 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click' }),
        'List-Id': `<archiver.${new URL(this.#portal).hostname}>`,
      },
    };
  }
}

/** Credentials are sent over TLS alone, unless the server is this machine. */
function transportOf({ protocol, hostname, port, username, password }: URL) {
  const secure = protocol === 'smtps:';
  return {
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port === '' ? (secure ? 465 : 587) : Number(port),
    secure,
    requireTLS: !secure && username !== '' && !LOOPBACK.test(hostname),
    ...(username !== '' && { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } }),
    connectionTimeout: CONNECT_MS,
    greetingTimeout: CONNECT_MS,
    socketTimeout: SILENT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

/** RFC 5321 section 3.8: the server closes, whatever it was asked. */
const SERVICE_CLOSES = 421;

/** Failures before a message is under way: nothing was sent. */
const BEFORE_THE_MESSAGE: ReadonlySet<unknown> = new Set(['EDNS', 'ETLS', 'EAUTH', 'ENOAUTH', 'ECONNREFUSED']);

/** What the server said, and to which command; where it said nothing the mail may have been sent. */
function failureOf(error: unknown): 'refused' | 'postponed' | 'unavailable' | 'unknown' {
  const { code, command, responseCode, syscall } = membersOf(error);
  if (command === 'API' && code === 'EENVELOPE') return 'refused';
  if (typeof responseCode !== 'number') {
    const isCertain = BEFORE_THE_MESSAGE.has(code) || syscall === 'connect' || syscall === 'getaddrinfo';
    return isCertain ? 'unavailable' : 'unknown';
  }
  const isOfThisMail = command === 'RCPT TO' || command === 'DATA';
  if (responseCode === SERVICE_CLOSES || !isOfThisMail) return 'unavailable';
  return responseCode >= 500 ? 'refused' : 'postponed';
}

function membersOf(error: unknown): Readonly<Record<'code' | 'command' | 'responseCode' | 'syscall', unknown>> {
  const read = (name: string): unknown =>
    typeof error === 'object' && error !== null ? Reflect.get(error, name) : null;
  return { code: read('code'), command: read('command'), responseCode: read('responseCode'), syscall: read('syscall') };
}
