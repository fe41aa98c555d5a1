import type { Field, Form, FormPage } from './Form.ts';
import { isSameSite } from './sites.ts';
import type { FilledForm } from './submission.ts';

/** The one form that merely accepts a licence, filled in; or why there is none. */
export type LicenceForm =
  | { readonly kind: 'form'; readonly filled: FilledForm }
  /** null: nothing on the page looks like a licence to accept. */
  | { readonly kind: 'none'; readonly reason: string | null };

const LICENCE =
  /licen[cs]|lizenz|licen[cz]|terms|conditions|agreement|disclaimer|nutzungsbedingung|bedingungen|conditions d.utilisation|condiciones|condizioni|voorwaarden|vilkår|villkor|käyttöehdot|warunki|podmínky|feltételek|利用規約|使用条款|услови/i;
const ACCEPT =
  /\b(i |we )?(have read|accept|agree|consent|acknowledge|continue|proceed|understand)\w*|akzeptier|zustimm|einverstanden|stimme .* zu|accepte|j.ai lu|acepto|aceptar|accetto|accetta|akkoord|accepteer|godkänn|godkend|aksepter|hyväksy|akceptuj|zgadzam|souhlas|elfogad|同意|承諾|согласен|принима|download|herunterladen|télécharger|descargar|scarica/i;
const DECLINE =
  /\b(do not|don.t|not) (accept|agree)|\b(decline|reject|refuse|disagree|cancel|back)\b|ablehn|nicht (zustimmen|akzeptieren|einverstanden)|abbrechen|zurück|refuse|annuler|je n.accepte pas|rechazar|no acepto|cancelar|rifiut|annulla|weiger|avvis|odrzu|anuluj|不同意|отклон|отказ/i;
const OTHER_CONSENT = /cookie|newsletter|marketing|tracking|subscribe|abonnier|advert|partners/i;
const PLAIN = /^(hidden|checkbox|submit|button|reset|image|disabled)$/;
const SEARCH = /\b(search|suche?|recherche|buscar|cerca|zoek|query)\b/i;

/**
 * Finds the one form of a page that accepts a licence and asks for nothing else: hidden fields, boxes, one button that
 * accepts. Whatever asks for words, a choice, a file or a proof of being a person is left to people. Pure.
 */
export function licenceForm(page: FormPage): LicenceForm {
  const forms = page.forms.filter((form) => !isSearch(form) && !isDeclining(form));
  if (forms.length === 0 || !LICENCE.test(page.text)) return none(null);
  if (page.isCut) return none('the page has more forms or fields than are looked at');
  if (page.hasCaptcha) return none('the page asks for a proof of being a person');
  const [form, ...others] = forms;
  if (!form || others.length > 0) return none(`the page has ${forms.length} forms, and it must be exactly one`);
  const reason = whyNotPlain(form, page.url);
  if (reason !== null) return none(reason);
  return filledIn(form);
}

const none = (reason: string | null): LicenceForm => ({ kind: 'none', reason });

function whyNotPlain(form: Form, url: string): string | null {
  if (form.isNested) return 'a form begins within the form';
  if (form.method === 'dialog') return 'the form leads nowhere';
  const asking = form.fields.find(({ type }) => !PLAIN.test(type));
  if (asking)
    return `the form asks for more than an acceptance: ${asking.type} ${JSON.stringify(asking.name.slice(0, 60))}`;
  const targets = [form.action, ...form.fields.flatMap(({ action }) => action ?? [])];
  const bad = targets.find((target) => target === null || !isSameSite(url, target));
  return bad === undefined ? null : `the form leads to another site: ${bad === null ? 'no URL' : new URL(bad).host}`;
}

function filledIn(form: Form): LicenceForm {
  const buttons = form.fields.filter(({ type }) => type === 'submit' || type === 'image');
  const boxes = form.fields.filter(({ type }) => type === 'checkbox');
  const named = boxes.length === 1 ? boxes : boxes.filter(({ required, label }) => required || ACCEPT.test(label));
  const unwanted = named.find(({ label }) => OTHER_CONSENT.test(label));
  if (unwanted) return none(`a box asks for something else: ${JSON.stringify(unwanted.label.slice(0, 80))}`);
  const accepting = buttons.filter(({ label }) => !DECLINE.test(label) && (ACCEPT.test(label) || named.length > 0));
  if (accepting.length !== 1) return none(`${accepting.length} buttons of the form accept, and it must be exactly one`);
  const [button] = accepting;
  const words = `${button?.label ?? ''} ${named.map(({ label }) => label).join(' ')}`;
  if (OTHER_CONSENT.test(words)) return none('the form asks for consent to something else than a licence');
  if (named.length === 0 && !ACCEPT.test(words)) return none('nothing in the form says that it accepts');
  return { kind: 'form', filled: { form, values: new Map(), ticked: new Set<Field>(named), button: button ?? null } };
}

/** A search box that stands on every page of a site. */
function isSearch({ role, fields, action, method }: Form): boolean {
  const words = `${role} ${action ?? ''} ${fields.map(({ name, type }) => `${name} ${type}`).join(' ')}`;
  return method === 'get' && (SEARCH.test(words) || fields.some(({ name }) => name === 'q'));
}

function isDeclining({ fields }: Form): boolean {
  const buttons = fields.filter(({ type }) => type === 'submit' || type === 'image');
  return buttons.length > 0 && buttons.every(({ label }) => DECLINE.test(label));
}
