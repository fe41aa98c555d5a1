import type { FormStep } from '../../model/settings.ts';
import type { Field, Form, FormPage } from './Form.ts';
import { matchesUrl } from './sites.ts';
import type { FilledForm } from './submission.ts';

/** What a step comes to on one page. */
export type StepResult<Value> =
  | { readonly kind: 'found'; readonly value: Value }
  | { readonly kind: 'missing'; readonly reason: string };

const found = <Value>(value: Value): StepResult<Value> => ({ kind: 'found', value });
const missing = (reason: string): StepResult<never> => ({ kind: 'missing', reason });

/** The link that a `follow` or `wait` means: by pattern where it has a `*` or a scheme, else by its text. */
export function linkFor(wanted: string, { links, refresh }: FormPage): StepResult<string> {
  const isPattern = wanted.includes('*') || /^https?:\/\//i.test(wanted);
  if (isPattern) {
    const urls = [...links.map(({ url }) => url), ...(refresh === null ? [] : [refresh])];
    const url = urls.find((one) => matchesUrl(wanted, one));
    return url === undefined ? missing(`no link matches ${JSON.stringify(wanted)}`) : found(url);
  }
  const text = folded(wanted);
  const link = links.find((one) => folded(one.text) === text) ?? links.find((one) => folded(one.text).includes(text));
  return link ? found(link.url) : missing(`no link says ${JSON.stringify(wanted)}`);
}

/** The form that has all that a step names, filled in. */
export function filledForm(step: FormStep, { forms }: FormPage): StepResult<FilledForm> {
  const reasons: string[] = [];
  for (const form of forms) {
    const filled = fillIn(step, form);
    if (filled.kind === 'found') return filled;
    reasons.push(filled.reason);
  }
  return missing(reasons[0] ?? 'the page has no form');
}

function fillIn({ fill = {}, accept = [], submit }: FormStep, form: Form): StepResult<FilledForm> {
  const values = new Map<string, string>();
  for (const [name, text] of Object.entries(fill)) {
    const field = form.fields.find((one) => one.name === name) ?? byLabel(form, name, (one) => !isButton(one));
    if (!field) return missing(`no form has a field ${JSON.stringify(name)}`);
    values.set(field.name, text);
  }
  const ticked = new Set<Field>();
  for (const name of accept) {
    const box = form.fields.find((one) => isBox(one) && one.name === name) ?? byLabel(form, name, isBox);
    if (!box) return missing(`no form has a box ${JSON.stringify(name)}`);
    ticked.add(box);
  }
  const button = buttonFor(submit, form);
  if (button.kind === 'missing') return button;
  return found({ form, values, ticked, button: button.value });
}

function buttonFor(submit: string | undefined, form: Form): StepResult<Field | null> {
  const buttons = form.fields.filter(isButton);
  if (submit === undefined) return found(buttons[0] ?? null);
  const wanted = folded(submit);
  const button =
    buttons.find((one) => folded(one.label) === wanted) ??
    buttons.find((one) => one.name === submit || one.value === submit) ??
    buttons.find((one) => folded(one.label).includes(wanted));
  return button ? found(button) : missing(`no form has a button ${JSON.stringify(submit)}`);
}

function byLabel(form: Form, text: string, isRight: (field: Field) => boolean): Field | undefined {
  const wanted = folded(text);
  const right = form.fields.filter(isRight);
  return (
    right.find(({ label }) => folded(label) === wanted) ?? right.find(({ label }) => folded(label).includes(wanted))
  );
}

const isBox = ({ type }: Field): boolean => type === 'checkbox' || type === 'radio';
const isButton = ({ type }: Field): boolean => type === 'submit' || type === 'image';
const folded = (text: string): string => text.replace(/\s+/g, ' ').trim().toLowerCase();
