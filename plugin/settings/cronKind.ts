import { validateDetailed } from 'node-cron';
import type { SettingKind } from './settingKinds.ts';

const SHAPE = /^([\dA-Za-z*/,?#-]+( +[\dA-Za-z*/,?#-]+){4,5})?$/;

/** A cron expression, or an empty text for none; node-cron, which runs it, says whether it is one. */
export const cron = (): SettingKind<string> => ({
  name: 'cron',
  accepted: 'a cron expression of five or six fields, such as */5 * * * *, or nothing',
  schema: { type: 'string', pattern: SHAPE.source },
  emptyCounts: true,
  parse(raw) {
    if (typeof raw !== 'string' || !SHAPE.test(raw)) return { wrong: '' };
    if (raw === '') return { value: raw };
    const { valid, errors } = validateDetailed(raw);
    return valid ? { value: raw } : { wrong: `is wrong in: ${errors.map(({ field }) => field).join(', ')}` };
  },
});
