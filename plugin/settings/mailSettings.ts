import { mailboxParts } from '../decide/mail/mailAddress.ts';
import { cron } from './cronKind.ts';
import type { Setting } from './Setting.ts';
import { list, type SettingKind, spanMs, text, url } from './settingKinds.ts';

const DAY_MS = 24 * 3600 * 1000;

/** A URL of SMTP, whose credentials are percent-encoded. */
function smtpUrl(): SettingKind<string> {
  const kind = url({ schemes: ['smtp', 'smtps'], example: 'smtps://user:password@mail.example:465' });
  return {
    ...kind,
    parse(raw) {
      const parsed = kind.parse(raw);
      if ('wrong' in parsed) return parsed;
      if (!URL.canParse(parsed.value) || new URL(parsed.value).hostname === '') return { wrong: '' };
      return parsed;
    },
  };
}

/** An address, with a name before it or without. */
const mailbox = (): SettingKind<string> => ({
  name: 'mailbox',
  accepted: 'an address such as archiver@data.example, or Data Portal <archiver@data.example>',
  schema: { type: 'string', pattern: '@' },
  parse: (raw) => (typeof raw === 'string' && mailboxParts(raw) !== null ? { value: raw } : { wrong: '' }),
});

/** Mail to maintainers, which is sent where server and sender are named. */
export const MAIL_SETTINGS = {
  mailSmtpUrl: {
    environment: 'ARCHIVER_MAIL_SMTP_URL',
    group: 'operation',
    kind: smtpUrl(),
    default: null,
    description:
      'Mail server by which maintainers are told of broken links; `smtps:` is TLS from the start, `smtp:` STARTTLS where it is offered. None: no mail.',
    secret: true,
  },
  mailFrom: {
    environment: 'ARCHIVER_MAIL_FROM',
    group: 'operation',
    kind: mailbox(),
    default: null,
    description: 'Who that mail is from.',
  },
  mailLanguage: {
    environment: 'ARCHIVER_MAIL_LANGUAGE',
    group: 'operation',
    kind: text({
      name: 'language',
      accepted: 'a language tag such as fr or pt-BR',
      pattern: /^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/,
    }),
    default: 'en',
    description: 'Language of mail to people of whom the portal names none.',
  },
  mailCron: {
    environment: 'ARCHIVER_MAIL_CRON',
    group: 'operation',
    kind: cron(),
    default: '7 * * * *',
    description:
      'When it is looked for mail to send, in UTC; nobody gets more than one in a day. Nothing: never by itself.',
  },
  mailGraceMs: {
    environment: 'ARCHIVER_MAIL_GRACE_MS',
    group: 'operation',
    kind: spanMs(0, '0: as soon as it is confirmed'),
    default: 3 * DAY_MS,
    description: 'A link that is broken is written about after so long from its first failure.',
  },
  mailRemindersMs: {
    environment: 'ARCHIVER_MAIL_REMINDERS_MS',
    group: 'operation',
    kind: list(spanMs(DAY_MS), {
      accepted:
        'at most 20 whole numbers of milliseconds, each a day (86400000) or more, separated by commas; nothing: no reminders',
      maxItems: 20,
    }),
    default: [7 * DAY_MS, 14 * DAY_MS, 30 * DAY_MS, 60 * DAY_MS, 90 * DAY_MS],
    description: 'Waits before each reminder of what is still broken, the last of them again and again.',
  },
} as const satisfies Readonly<Record<string, Setting<unknown>>>;
