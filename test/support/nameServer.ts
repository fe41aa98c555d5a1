import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import ipaddr from 'ipaddr.js';

export interface NameQuestion {
  /** In lower case, without the dot at the end. */
  readonly name: string;
  readonly type: 'A' | 'AAAA' | 'other';
  /** How often this name and type were asked before. */
  readonly asked: number;
}

/** Addresses of the asked type (others are left out), a response code, or nothing at all. */
export type NameReply = readonly string[] | 'NXDOMAIN' | 'SERVFAIL' | 'REFUSED' | 'silence';

const CODES = { NXDOMAIN: 3, SERVFAIL: 2, REFUSED: 5 } as const;
const TYPES: Readonly<Record<number, NameQuestion['type']>> = { 1: 'A', 28: 'AAAA' };

/** A promised reply is a slow one. */
export type Replying = (question: NameQuestion) => NameReply | Promise<NameReply>;

/** The smallest name server (RFC 1035 section 4) on a loopback port: answers what a function says, question by question. */
export class NameServer {
  readonly questions: NameQuestion[] = [];
  #stopped = false;
  readonly #socket: Socket = createSocket('udp4');
  readonly #reply: Replying;

  private constructor(reply: Replying) {
    this.#reply = reply;
    this.#socket.on('message', (message, from) => void this.#onMessage(message, from));
  }

  static async start(reply: Replying): Promise<NameServer> {
    const server = new NameServer(reply);
    server.#socket.bind(0, '127.0.0.1');
    await once(server.#socket, 'listening');
    return server;
  }

  /** As the setting `dnsServers` wants it. */
  get server(): { readonly address: string; readonly port: number } {
    const { address, port } = this.#socket.address();
    return { address, port };
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#socket.close();
    await once(this.#socket, 'close');
  }

  async #onMessage(message: Buffer, from: RemoteInfo): Promise<void> {
    const { name, typeCode, end } = questionIn(message);
    const type = TYPES[typeCode] ?? 'other';
    const asked = this.questions.filter((question) => question.name === name && question.type === type).length;
    const question = { name, type, asked };
    this.questions.push(question);
    const reply = await this.#reply(question);
    if (reply === 'silence' || this.#stopped) return;
    this.#socket.send(answerTo(message, end, typeCode, reply), from.port, from.address);
  }
}

function questionIn(message: Buffer): { name: string; typeCode: number; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = message.readUInt8(at); length > 0; length = message.readUInt8(at)) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length));
    at += length + 1;
  }
  return { name: labels.join('.').toLowerCase(), typeCode: message.readUInt16BE(at + 1), end: at + 5 };
}

function answerTo(query: Buffer, questionEnd: number, typeCode: number, reply: Exclude<NameReply, 'silence'>): Buffer {
  const wanted = typeCode === 28 ? 16 : 4;
  const addresses =
    typeof reply === 'string'
      ? []
      : reply.map((address) => ipaddr.parse(address).toByteArray()).filter(({ length }) => length === wanted);
  const head = Buffer.alloc(12);
  query.copy(head, 0, 0, 2);
  head.writeUInt16BE(0x8180 | (typeof reply === 'string' ? CODES[reply] : 0), 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(addresses.length, 6);
  const records = addresses.map((bytes) => {
    const record = Buffer.alloc(12 + bytes.length);
    record.writeUInt16BE(0xc00c, 0);
    record.writeUInt16BE(typeCode, 2);
    record.writeUInt16BE(1, 4);
    record.writeUInt32BE(300, 6);
    record.writeUInt16BE(bytes.length, 10);
    record.set(bytes, 12);
    return record;
  });
  return Buffer.concat([head, query.subarray(12, questionEnd), ...records]);
}
