// <archive-status resource="ID"></archive-status>: how a resource stands, in words that anybody understands, with a link to the
// newest copy. For portals that render on the client:
//   <script type="module" src="…/archiver/archive-status.js"></script>
// Attributes: `resource`; `lang` (default: of the nearest element that has one); `archiver`, where the archiver is mounted
// (default: where this script comes from). The parts `status` and `link` take the page's own style; the attribute `state`
// says how the resource stands: archived, broken, unsure, brokenWithoutCopy, withoutCopy, pending or unknown. What lies in the
// element is shown until an answer comes, and where none comes. The event `archive-status` tells each answer, and its `error`.

const here = new URL('.', import.meta.url);

const style = new CSSStyleSheet();
style.replaceSync(`
  :host { display: inline; }
  :host([hidden]) { display: none; }
  [part~='status']::before { content: ''; display: inline-block; inline-size: 0.6em; block-size: 0.6em; margin-inline-end: 0.4em;
    border-radius: 50%; background: var(--archive-status-color, #8a8f98); }
  :host([state='archived']) { --archive-status-color: #1a7f37; }
  :host([state='broken']), :host([state='unsure']) { --archive-status-color: #bf6a02; }
  :host([state='brokenWithoutCopy']) { --archive-status-color: #cf222e; }
`);

class ArchiveStatus extends HTMLElement {
  static observedAttributes = ['resource', 'lang', 'archiver'];
  #asked = new AbortController();

  connectedCallback() {
    if (!this.shadowRoot) {
      this.attachShadow({ mode: 'open' }).adoptedStyleSheets = [style];
      this.shadowRoot.append(document.createElement('slot'));
    }
    this.#ask();
  }

  disconnectedCallback() {
    this.#asked.abort();
  }

  attributeChangedCallback(_name, before, now) {
    if (this.isConnected && before !== now) this.#ask();
  }

  /** An answer that a later question has overtaken is not shown. */
  async #ask() {
    this.#asked.abort();
    this.#asked = new AbortController();
    const { signal } = this.#asked;
    const resource = this.getAttribute('resource');
    if (!resource) return;
    try {
      const answer = await fetch(this.#urlOf(resource), { signal, credentials: 'same-origin' });
      if (!answer.ok) throw new Error(`the archiver answered ${answer.status}`);
      const badge = await answer.json();
      if (!signal.aborted) this.#show(badge);
    } catch (error) {
      if (!signal.aborted) this.#showNothing(error);
    }
  }

  #urlOf(resource) {
    const base = this.getAttribute('archiver');
    const mount = base ? new URL(base.replace(/\/*$/, '/'), document.baseURI) : here;
    const url = new URL(`resources/${encodeURIComponent(resource)}/badge.json`, mount);
    const language = this.closest('[lang]')?.lang;
    if (language) url.searchParams.set('lang', language);
    return url;
  }

  #show({ state, message, language, copyUrl }) {
    const status = document.createElement('span');
    status.part.add('status');
    status.lang = language;
    const link = copyUrl === null ? null : document.createElement('a');
    if (link) {
      link.part.add('link');
      link.href = copyUrl;
    }
    (link ?? status).textContent = message;
    if (link) status.append(link);
    this.shadowRoot.replaceChildren(status);
    this.setAttribute('state', state);
    this.#tell({ state, copyUrl });
  }

  #showNothing(error) {
    this.shadowRoot.replaceChildren(document.createElement('slot'));
    this.setAttribute('state', 'unknown');
    this.#tell({ state: 'unknown', error: error.message });
  }

  #tell(detail) {
    this.dispatchEvent(new CustomEvent('archive-status', { bubbles: true, composed: true, detail }));
  }
}

if (!customElements.get('archive-status')) customElements.define('archive-status', ArchiveStatus);
