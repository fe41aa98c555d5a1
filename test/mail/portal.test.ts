import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { loadConfig } from '../../plugin/settings/loadConfig.ts';
import { putLinks } from '../support/mailedLinks.ts';
import { MailServer } from '../support/mailServer.ts';
import { ShownPortal } from '../support/shownPortal.ts';
import { until } from '../support/until.ts';

const DAY_MS = 24 * 3_600_000;
const WANDA = 'wanda@weather.example';

describe('mail of a portal', () => {
  let portal: ShownPortal;
  let server: MailServer;
  before(async () => {
    server = await MailServer.open();
    portal = await ShownPortal.open({
      site: 'https://portal.example',
      settings: { mailSmtpUrl: server.url, mailFrom: 'archiver@portal.example', mailCron: '', sweepCron: '' },
      contactOf: async (ids) => new Map(ids.map((id) => [id, { address: WANDA, name: 'Wanda' }])),
    });
    await putLinks(portal.database.knex, [{ id: 'broken', since: new Date(Date.now() - 4 * DAY_MS) }]);
  });
  after(async () => {
    await portal.close();
    await server.stop();
  });

  const endPath = () => {
    const header = server.arrived[0]?.raw.match(/^List-Unsubscribe:\s+<([^>]+)>/m)?.[1];
    return (header ?? assert.fail('no mail has arrived')).replace('https://portal.example/archiver', '');
  };
  const standing = async () => (await portal.database.knex('archiver.mail_person').first())?.unsubscribed_at ?? null;
  const letADayPass = () =>
    portal.database.knex.raw(`update archiver.mail_person set claimed_at = claimed_at - interval '1 day',
      mailed_at = mailed_at - interval '1 day'`);
  const mail = {
    due: () => portal.archiver.archive.mail.due(),
    send: () => portal.archiver.archive.mail.send(),
  };

  it('is sent when it is asked for, and not twice', async () => {
    assert.equal((await mail.due()).length, 1);
    assert.equal((await mail.send()).sent, 1);
    assert.equal((await mail.send()).sent, 0);
    assert.equal(server.arrived.length, 1);
  });

  it('is not ended by who only looks at its links', async () => {
    for (const method of ['get', 'head'] as const) await portal.agent()[method](endPath()).expect(200);
    assert.equal(await standing(), null);
    const { text, headers } = await portal.agent().get(endPath()).set('Accept-Language', 'fr').expect(200);
    assert.match(text, /Do you want no more mail from/);
    assert.match(text, /<form method="post" action="\/archiver\/mail\/unsubscribe\/[\w-]{32}\?lang=en">/);
    assert.doesNotMatch(headers['content-security-policy'] ?? '', /unsafe/);
    assert.equal(headers['referrer-policy'], 'no-referrer');
    const french = await portal.agent().get(endPath().replace('lang=en', 'lang=fr')).expect(200);
    assert.match(french.text, /<html lang="fr">[\s\S]*Ne plus recevoir de messages/);
    assert.equal(french.headers['content-language'], 'fr');
  });

  it('ends by one POST without cookie, login or redirect, from whatever site (RFC 8058)', async () => {
    const { text } = await portal
      .agent()
      .post(endPath())
      .set({ Origin: 'https://mail.example', 'Sec-Fetch-Site': 'cross-site' })
      .type('form')
      .send('List-Unsubscribe=One-Click')
      .expect(200);
    assert.match(text, /You get no more mail/);
    assert.notEqual(await standing(), null);
    await letADayPass();
    await putLinks(portal.database.knex, [{ id: 'other', since: new Date(Date.now() - 4 * DAY_MS) }]);
    assert.deepEqual(
      (await mail.due()).map(({ held }) => held),
      ['unsubscribed'],
    );
    assert.equal((await mail.send()).sent, 0);
    // Again, as a mail program that is not certain does.
    await portal.agent().post(endPath()).expect(200);
  });

  it('begins again by the button of the page, with all that is broken', async () => {
    const { text } = await portal.agent().get(endPath()).expect(200);
    const action = text.match(/action="([^"]*\/mail\/subscribe\/[^"]*)"/)?.[1]?.replace(/^\/archiver/, '') ?? '';
    const { text: begun } = await portal
      .agent()
      .post(action)
      .type('form')
      .send('List-Unsubscribe=One-Click')
      .expect(200);
    assert.match(begun, /You get mail from .* again/);
    assert.equal((await mail.send()).sent, 1);
    assert.match(server.arrived[1]?.mail.text ?? '', /2 links do not work/);
  });

  it('knows no other token, and takes none that is guessed or odd', async () => {
    for (const token of ['unknown', '%00', "'%20or%20true", 'a'.repeat(500)]) {
      for (const path of [`/mail/unsubscribe/${token}`, `/mail/subscribe/${token}`]) {
        const { text } = await portal.agent().post(path).expect(404);
        assert.match(text, /This address is not known/);
      }
      await portal.agent().get(`/mail/unsubscribe/${token}`).expect(404);
    }
    assert.equal(await standing(), null);
  });

  it('says in the log, in readiness, in status and in metrics that its server is away, while archiving goes on', async () => {
    await server.stop();
    const { failure } = await mail.send();
    assert.notEqual(failure, null);
    const line = portal.logged.find(({ message }) => message === 'the mail server takes no mail; it is tried again');
    assert.equal(line?.level, 'error');
    const { body } = await portal.agent().get('/health/ready').expect(200);
    assert.equal(body.checks.mail.detail, 'The mail server takes no mail; the log says why.');
    assert.equal(body.checks.mail.ok, true);
    const overview = await portal.archiver.archive.overview();
    assert.deepEqual([overview.mail?.failure, overview.mail?.failingSince !== null], [failure, true]);
    portal.files.set('/one.csv', { body: 'a,b\n1,2\n' });
    await portal.archived('r1', '/one.csv');
    await server.startAgain();
    await mail.send();
    const { body: after } = await portal.agent().get('/health/ready').expect(200);
    assert.equal(after.checks.mail.detail, null);
    const { text } = await portal.agent().get('/metrics').set('Authorization', 'admin').expect(200);
    assert.match(text, /^archiver_mails_total\{end="sent"\} 2$/m);
    assert.match(text, /^archiver_mail_outage_seconds \d/m);
    assert.match(text, /^archiver_mail_people\{state="subscribed"\} 1$/m);
  });
});

describe('the schedule of mail', () => {
  it('sends what is due by itself', async () => {
    const server = await MailServer.open();
    const portal = await ShownPortal.open({
      settings: { mailSmtpUrl: server.url, mailFrom: 'archiver@portal.example', mailCron: '* * * * * *' },
      contactOf: async (ids) => new Map(ids.map((id) => [id, { address: WANDA, name: null }])),
    });
    try {
      await putLinks(portal.database.knex, [{ id: 'broken', since: new Date(Date.now() - 4 * DAY_MS) }]);
      await until(() => server.arrived.length > 0, 60);
      assert.deepEqual(server.asked, [WANDA]);
      // RFC 8058 wants TLS for its one click.
      assert.doesNotMatch(server.arrived[0]?.raw ?? '', /List-Unsubscribe-Post/);
    } finally {
      await portal.close();
      await server.stop();
    }
  });

  it('is not there where mail is not set up, and who asks is told why', async () => {
    const portal = await ShownPortal.open();
    try {
      await assert.rejects(portal.archiver.archive.mail.due(), {
        code: 'settings-invalid',
        message: /ARCHIVER_MAIL_SMTP_URL/,
      });
      const { body } = await portal.agent().get('/health/ready').expect(200);
      assert.deepEqual(body.checks.mail, { ok: true, detail: null });
    } finally {
      await portal.close();
    }
  });

  it('names server and sender together, and all that is wrong with them in one report', () => {
    const load = (environment: Record<string, string>) => loadConfig({ environment });
    assert.throws(
      () => load({ ARCHIVER_MAIL_FROM: 'a@b.example' }),
      /ARCHIVER_MAIL_FROM \(mailFrom\) is set, which needs ARCHIVER_MAIL_SMTP_URL/,
    );
    const wrong = {
      ARCHIVER_MAIL_SMTP_URL: 'http://user:secret@mail.example',
      ARCHIVER_MAIL_FROM: 'Portal',
      ARCHIVER_MAIL_REMINDERS_MS: '5',
    };
    assert.throws(
      () => load(wrong),
      ({ message }: Error) => Object.keys(wrong).every((name) => message.includes(name)) && !message.includes('secret'),
    );
    const right = load({
      ARCHIVER_MAIL_SMTP_URL: 'smtps://a%40b:c@mail.example',
      ARCHIVER_MAIL_FROM: 'Data <a@b.example>',
      ARCHIVER_MAIL_REMINDERS_MS: '',
    });
    assert.deepEqual(right.mailRemindersMs, []);
  });
});
