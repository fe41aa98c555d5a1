import type { CountedWords } from '../model/mailWords.ts';

/** A sentence with what its names stand for. */
export const filled = (sentence: string, values: Readonly<Record<string, string>>): string =>
  sentence.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);

/** The form of a sentence that goes with a number, which stands in it as the language writes it. */
export function counted(
  words: CountedWords,
  count: number,
  language: string,
  values: Readonly<Record<string, string>> = {},
): string {
  const sentence = words[new Intl.PluralRules(language).select(count)] ?? words.other;
  return filled(sentence, { ...values, count: new Intl.NumberFormat(language).format(count) });
}

/** The day in UTC. */
export const dayIn = (language: string, day: Date): string =>
  new Intl.DateTimeFormat(language, { dateStyle: 'long', timeZone: 'UTC' }).format(day);
