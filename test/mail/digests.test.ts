import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { Digests } from '../../plugin/mail/digests.ts';
import { mailLanguages } from '../../plugin/mail/mailLanguages.ts';
import { SmtpMailer } from '../../plugin/mail/smtpMailer.ts';
import type { Contact } from '../../plugin/model/contact.ts';
import type { Logger } from '../../plugin/model/logger.ts';
import type { Mails } from '../../plugin/record/Mails.ts';
import { mendLink, putLinks, type TestLink } from '../support/mailedLinks.ts';
import { type Arrived, MailServer } from '../support/mailServer.ts';
import { type TestRecords, testRecords } from '../support/recordFixtures.ts';
import { until } from '../support/until.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const START = new Date('2026-05-10T08:00:00Z');
const WANDA: Contact = { address: 'Wanda@weather.example', name: 'Wanda' };
const wanda = WANDA.address.toLowerCase();

interface Line {
  readonly level: string;
  readonly message: string;
  readonly fields: object;
}

describe('digests to maintainers', () => {
  let test: TestRecords;
  let server: MailServer;
  let now = START;
  let contacts: Record<string, Contact | null>;
  let lines: Line[];
  const ask: (readonly string[])[] = [];

  before(async () => {
    test = await testRecords();
    server = await MailServer.open();
    await test.knex('archiver.dataset').insert([
      { id: 'd1', name: 'rain', title: 'Rain & <snow>', page: '/dataset/rain' },
      { id: 'd2', name: 'wind', title: null, page: null },
    ]);
  });
  after(async () => {
    await server.stop();
    await test.close();
  });
  beforeEach(async () => {
    const tables = ['archival', 'link', 'host_limit', 'mail_person', 'mailed_link', 'mail_state', 'counter'];
    await test.knex.raw(`truncate ${tables.map((table) => `archiver.${table}`).join(', ')} cascade`);
    server.arrived.length = 0;
    server.asked.length = 0;
    server.answerTo = () => null;
    server.beforeTaken = async () => null;
    now = START;
    contacts = { d1: WANDA, d2: WANDA };
    lines = [];
    ask.length = 0;
  });

  const later = (ms: number) => {
    now = new Date(now.getTime() + ms);
  };
  const daysBefore = (days: number) => new Date(now.getTime() - days * DAY_MS);
  const put = (...links: TestLink[]) =>
    putLinks(
      test.knex,
      links.map((link) => ({ since: daysBefore(4), ...link })),
    );
  const log =
    (level: string) =>
    (fields: object, message = '') =>
      void lines.push({ level, fields, message });
  const logger: Logger = { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') };

  function digests({ owner = 'one', mails = test.records.mails }: { owner?: string; mails?: Mails } = {}): Digests {
    return new Digests({
      mails,
      leases: test.records.leases,
      contactOf: async (ids) => {
        ask.push(ids);
        return new Map(ids.map((id) => [id, contacts[id] ?? null]));
      },
      mailer: new SmtpMailer({
        url: server.url,
        from: 'Data Portal <archiver@portal.example>',
        portal: 'https://portal.example',
      }),
      composing: {
        portal: { name: 'Data Portal', site: 'https://portal.example' },
        archiverUrl: 'https://portal.example/archiver',
        languages: mailLanguages(),
        language: 'en',
        copyUrl: (key) => `https://portal.example/archiver/${key}`,
      },
      ...{ confirmFailures: 3, graceMs: 3 * DAY_MS, remindersMs: [7 * DAY_MS, 14 * DAY_MS] },
      ...{ owner, logger, now: () => now },
    });
  }

  const run = () => digests().run();
  const subjects = () => server.arrived.map(({ mail }) => mail.subject);
  const first = (): Arrived => server.arrived[0] ?? assert.fail('no mail has arrived');

  it('tell one person of all their broken links in one mail, as text and as HTML', async () => {
    await put(
      { id: 'r1', name: 'Daily <b>rain</b>' },
      { id: 'r2', datasetId: 'd2', url: 'https://wind.example/a?b=1&c=2' },
    );
    assert.deepEqual(await run(), { sent: 1, refused: 0, postponed: 0, unknown: 0, failure: null });
    const { mail, to } = first();
    assert.deepEqual([server.arrived.length, to], [1, WANDA.address]);
    assert.equal(mail.subject, 'Data Portal: 2 links do not work');
    assert.equal(mail.from?.text, '"Data Portal" <archiver@portal.example>');
    const text = mail.text ?? '';
    for (const said of [
      'Hello Wanda,',
      '* Rain & <snow> › Daily <b>rain</b>\n  https://files.example/r1.csv\n  There is no file at this address any more. Broken since May 6, 2026.',
      '* wind\n  https://wind.example/a?b=1&c=2',
      'https://portal.example/resource/r1',
    ])
      assert.ok(text.includes(said), `${said}\nis not in\n${text}`);
    const page = String(mail.html);
    assert.match(page, /Rain &amp; &lt;snow&gt; › Daily &lt;b&gt;rain&lt;\/b&gt;/);
    assert.match(page, /href="https:\/\/wind\.example\/a\?b=1&amp;c=2"/);
    assert.doesNotMatch(page, /<(img|script|link)|src=|url\(/);
  });

  it('carry what a machine needs: one click to end them (RFC 8058), and that nobody is to answer', async () => {
    await put({ id: 'r1' });
    await run();
    const { headers, date, messageId } = first().mail;
    const [person] = await test.knex('archiver.mail_person').select('token', 'mailed_at');
    const end = `https://portal.example/archiver/mail/unsubscribe/${person.token}?lang=en`;
    assert.match(first().raw, new RegExp(`^List-Unsubscribe:\\s+<${end.replace(/[?.]/g, '\\$&')}>`, 'm'));
    assert.match(first().raw, /^List-Unsubscribe-Post: List-Unsubscribe=One-Click\r$/m);
    assert.equal(headers.get('auto-submitted'), 'auto-generated');
    assert.equal(headers.get('x-auto-response-suppress'), 'All');
    assert.deepEqual(date, now);
    assert.match(messageId ?? '', /^<archiver\.[0-9a-f]{40}@portal\.example>$/);
    assert.equal(String(first().mail.html).includes(end.replaceAll('&', '&amp;')), true);
  });

  it('wait for the grace time, and for what is confirmed and certain', async () => {
    await put(
      { id: 'young', since: daysBefore(2) },
      { id: 'unconfirmed', failures: 2 },
      { id: 'unsure', code: 'forbidden', broken: null },
      { id: 'works', code: 'archived', broken: false, failures: 0 },
    );
    await run();
    assert.deepEqual(subjects(), []);
    later(DAY_MS + 1);
    await run();
    assert.deepEqual(subjects(), ['Data Portal: a link does not work']);
    assert.match(first().mail.text ?? '', /files\.example\/young\.csv/);
  });

  it('say nothing of a host that cannot be reached from here or asked for a pause, but of a name that is gone', async () => {
    const host = { tokens: 1, refilled_at: now };
    await put(
      { id: 'away', url: 'https://away.example/1' },
      { id: 'pausing', url: 'https://pausing.example/1' },
      { id: 'nowhere', url: 'https://nowhere.example/1', code: 'dns' },
    );
    const open = { open_until: new Date(now.getTime() + DAY_MS), open_count: 1, dead_count: 5 };
    await test.knex('archiver.host_limit').insert([
      { ...host, host: 'away.example', ...open },
      { ...host, host: 'pausing.example', pause_until: new Date(now.getTime() + HOUR_MS) },
      { ...host, host: 'nowhere.example', ...open },
    ]);
    await run();
    assert.deepEqual(subjects(), ['Data Portal: a link does not work']);
    assert.match(first().mail.text ?? '', /nowhere\.example/);
    await test.knex('archiver.host_limit').update({ open_until: null, open_count: 0 });
    later(DAY_MS);
    await run();
    assert.match(server.arrived[1]?.mail.text ?? '', /2 links do not work[\s\S]*away\.example[\s\S]*pausing\.example/);
  });

  it('remind more and more rarely, of all that is broken together', async () => {
    await put({ id: 'r1' });
    const days: number[] = [];
    for (const day of [0, 1, 2, 7, 8, 9, 21, 22, 35, 36]) {
      now = new Date(START.getTime() + day * DAY_MS);
      if (day === 1) await put({ id: 'r2' });
      const before = server.arrived.length;
      await run();
      if (server.arrived.length > before) days.push(day);
    }
    // The first, the second link, then after 7 days, and each 14 from then on.
    assert.deepEqual(days, [0, 1, 8, 22, 36]);
    assert.match(
      server.arrived[1]?.mail.text ?? '',
      /A link does not work[\s\S]*r2\.csv[\s\S]*A link still does not work[\s\S]*r1\.csv/,
    );
    assert.equal(server.arrived[2]?.mail.subject, 'Data Portal: 2 links do not work');
    assert.match(server.arrived[2]?.mail.text ?? '', /2 links still do not work/);
    assert.equal(new Set(server.arrived.map(({ mail }) => mail.messageId)).size, days.length);
  });

  it('say that a link works again, once, to who was told that it does not', async () => {
    await put({ id: 'r1' }, { id: 'r2', since: daysBefore(1) });
    await run();
    await mendLink(test.knex, 'r1');
    await mendLink(test.knex, 'r2');
    later(HOUR_MS);
    await run();
    assert.equal(server.arrived.length, 1, 'no two in a day');
    later(DAY_MS);
    await run();
    await run();
    later(30 * DAY_MS);
    await run();
    assert.deepEqual(subjects(), ['Data Portal: a link does not work', 'Data Portal: a link works again']);
    const text = server.arrived[1]?.mail.text ?? '';
    assert.match(text, /A link works again\n=+\n\n\* Rain/);
    assert.doesNotMatch(text, /r2\.csv|Please correct|Broken since/);
  });

  it('never write twice to a person within a day, however often and by however many it is tried', async () => {
    await put({ id: 'r1' });
    await Promise.all([digests().run(), digests({ owner: 'two' }).run(), digests({ owner: 'three' }).run()]);
    await put({ id: 'r2' });
    await run();
    contacts = { d1: { ...WANDA, address: 'WANDA@WEATHER.EXAMPLE' } };
    later(DAY_MS - 1);
    await run();
    assert.equal(server.arrived.length, 1);
    later(1);
    await run();
    assert.equal(server.arrived.length, 2);
  });

  it('claim a person before they send, so that two who look at the same time send one mail', async () => {
    await put({ id: 'r1' });
    const { mails } = test.records;
    const claims = await Promise.all([1, 2, 3, 4].map(() => mails.claim(wanda, now)));
    assert.equal(claims.filter((claim) => claim !== null).length, 1);
    await run();
    assert.equal(server.arrived.length, 0);
  });

  it('are not sent again for a day when the process dies between sending and recording', async () => {
    await put({ id: 'r1' });
    const { mails } = test.records;
    const dying: Mails = new Proxy(mails, {
      get(target, name) {
        if (name === 'sent') return async () => Promise.reject(new Error('the process dies'));
        const member: unknown = Reflect.get(target, name);
        return typeof member === 'function' ? member.bind(target) : member;
      },
    });
    await assert.rejects(digests({ mails: dying }).run(), /the process dies/);
    assert.equal(server.arrived.length, 1);
    await run();
    later(DAY_MS - 1);
    await run();
    assert.equal(server.arrived.length, 1);
    later(1);
    await run();
    assert.equal(server.arrived.length, 2);
    // Whoever got both can tell that they are one.
    assert.equal(new Set(server.arrived.map(({ mail }) => mail.messageId)).size, 1);
    later(DAY_MS);
    await run();
    assert.equal(server.arrived.length, 2);
  });

  it('wait for a server that is down, say so, and go on when it is back', async () => {
    await put({ id: 'r1' });
    await server.stop();
    const { failure } = await run();
    assert.match(failure ?? '', /ECONNREFUSED|connect/);
    const message = 'the mail server takes no mail; it is tried again';
    assert.deepEqual(
      lines.filter((line) => line.message === message).map(({ level }) => level),
      ['error'],
    );
    const state = await test.records.mails.state();
    assert.deepEqual([state?.failingSince, state?.failure], [now, failure]);
    const began = now;
    later(HOUR_MS);
    await run();
    assert.deepEqual((await test.records.mails.state())?.failingSince, began);
    await server.startAgain();
    later(HOUR_MS);
    await run();
    assert.equal(server.arrived.length, 1);
    assert.equal((await test.records.mails.state())?.failingSince, null);
    assert.ok(lines.some((line) => line.message === 'the mail server takes mail again'));
  });

  it('count a mail as sent for a day when the connection breaks while it is handed over', async () => {
    await put({ id: 'r1' });
    server.beforeTaken = async () => {
      server.breakConnections();
      return null;
    };
    const report = await run();
    assert.deepEqual([report.sent, report.unknown], [0, 1]);
    server.beforeTaken = async () => null;
    // The server has taken it, whatever we heard of that.
    await until(() => server.arrived.length === 1);
    later(HOUR_MS);
    await run();
    assert.equal(server.arrived.length, 1);
    later(DAY_MS);
    await run();
    assert.equal(server.arrived.length, 2);
  });

  it('leave an address that the server refuses alone for a week, and write to the others', async () => {
    contacts = { d1: WANDA, d2: { address: 'paul@labour.example', name: null } };
    await put({ id: 'r1' }, { id: 'r2', datasetId: 'd2' });
    server.answerTo = (address) => (address === WANDA.address ? { code: 550, message: 'No such user' } : null);
    const report = await run();
    assert.deepEqual([report.sent, report.refused], [1, 1]);
    assert.deepEqual(
      server.arrived.map(({ to }) => to),
      ['paul@labour.example'],
    );
    const told = lines.find((line) => line.message === 'mail to a maintainer was not sent');
    assert.equal(told?.level, 'warn');
    assert.match(
      JSON.stringify(told?.fields),
      /"to":"w…@weather\.example","end":"refused","failure":"[^"]*No such user/,
    );
    const asked = () => server.asked.filter((address) => address === WANDA.address).length;
    for (let hour = 0; hour < 6 * 24; hour += 12) {
      later(12 * HOUR_MS);
      await run();
    }
    assert.equal(asked(), 1);
    assert.deepEqual(await test.records.mails.counts(), { subscribed: 2, unsubscribed: 0, refused: 1 });
    server.answerTo = () => null;
    later(2 * DAY_MS);
    await run();
    assert.equal(server.of(WANDA.address).length, 1);
    assert.deepEqual(await test.records.mails.counts(), { subscribed: 2, unsubscribed: 0, refused: 0 });
  });

  it('try again in an hour what a server only puts off', async () => {
    await put({ id: 'r1' });
    server.answerTo = () => ({ code: 450, message: 'Greylisted' });
    const report = await run();
    assert.deepEqual([report.postponed, report.failure], [1, null]);
    server.answerTo = () => null;
    later(HOUR_MS - 1);
    await run();
    assert.equal(server.arrived.length, 0);
    later(1);
    await run();
    assert.equal(server.arrived.length, 1);
  });

  it('write in the language of the person, and leave nothing in another', async () => {
    const languages = {
      fr: /Bonjour Wanda,[\s\S]*Rompu depuis le 6 mai 2026/,
      de: /Defekt seit 6\. Mai 2026/,
      es: /Roto desde el 6 de mayo de 2026/,
    };
    await put({ id: 'r1' });
    for (const [language, said] of Object.entries(languages)) {
      await test.knex.raw('truncate archiver.mail_person, archiver.mailed_link');
      server.arrived.length = 0;
      contacts = { d1: { ...WANDA, language: `${language}-XX` } };
      await run();
      const { text = '', html } = first().mail;
      assert.match(text, said);
      assert.match(String(html), new RegExp(`<html lang="${language}">`));
      assert.match(text, new RegExp(`lang=${language}$`, 'm'));
      assert.doesNotMatch(text, /\{\w+\}|You get|Broken since/);
    }
  });

  it('tell a new maintainer of what is broken, and the former one nothing more', async () => {
    await put({ id: 'r1' });
    await run();
    contacts = { d1: { address: 'paul@labour.example', name: 'Paul' } };
    later(HOUR_MS);
    await run();
    assert.equal(server.of('paul@labour.example').length, 1);
    await mendLink(test.knex, 'r1');
    later(2 * DAY_MS);
    await run();
    assert.equal(server.of('paul@labour.example').length, 2);
    assert.equal(server.of(WANDA.address).length, 1);
    contacts = {};
    await put({ id: 'r1' });
    later(30 * DAY_MS);
    await run();
    assert.equal(server.arrived.length, 3);
  });

  it('name at most fifty links of a kind, and count the others, which count as told', async () => {
    await put(...Array.from({ length: 60 }, (_, index) => ({ id: `r${index + 100}` })));
    await run();
    const text = first().mail.text ?? '';
    assert.equal(text.match(/^\* /gm)?.length, 50);
    assert.match(text, /^and 10 more$/m);
    assert.equal(first().mail.subject, 'Data Portal: 60 links do not work');
    later(DAY_MS);
    await run();
    assert.equal(server.arrived.length, 1);
  });

  it('let no name or title reach the headers or the envelope', async () => {
    contacts = { d1: { address: WANDA.address, name: 'Wanda\r\nBcc: all@portal.example' } };
    await put({ id: 'r1' });
    await run();
    assert.deepEqual(server.asked, [WANDA.address]);
    assert.doesNotMatch(first().raw.split('\r\n\r\n')[0] ?? '', /^Bcc/im);
  });

  it('show who would get what, and send nothing', async () => {
    contacts = { d1: WANDA, d2: { address: 'paul@labour.example', name: null, language: 'fr' } };
    await put({ id: 'r1' }, { id: 'r2', datasetId: 'd2' });
    const [one, other] = (await digests().preview()).toSorted((a, b) => (a.address < b.address ? -1 : 1));
    const none = { stillBroken: 0, worksAgain: 0, held: null };
    assert.deepEqual(one, { address: WANDA.address, language: 'en', newlyBroken: 1, ...none });
    assert.deepEqual(other, { address: 'paul@labour.example', language: 'fr', newlyBroken: 1, ...none });
    assert.equal(server.asked.length, 0);
    await run();
    assert.deepEqual(await digests().preview(), []);
    await put({ id: 'r3' });
    assert.deepEqual(
      (await digests().preview()).map(({ held }) => held),
      ['within a day'],
    );
  });

  it('are counted by how they ended', async () => {
    await put({ id: 'r1' });
    await run();
    const counted = await test.records.histories.counters();
    assert.deepEqual(counted, [{ name: 'archiver_mails_total', labels: { end: 'sent' }, value: 1 }]);
  });
});
