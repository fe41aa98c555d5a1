// What makes the pages better where scripts run; without it everything works.

const FALLBACK_MS = 5000;
const main = document.querySelector('main[data-live]');

/** Puts what the page says now in the place of what it said, unless somebody is about to use a field of it. */
async function refresh() {
  const answer = await fetch(location.href, { headers: { Accept: 'text/html' } });
  if (!answer.ok) return;
  const next = new DOMParser().parseFromString(await answer.text(), 'text/html');
  for (const part of document.querySelectorAll('[data-part]')) {
    const newer = next.querySelector(`[data-part="${part.dataset.part}"]`);
    if (newer && !part.contains(document.activeElement)) part.replaceWith(document.adoptNode(newer));
  }
  if (!next.querySelector('main[data-live]')) main?.removeAttribute('data-live');
}

/** Hears when the page has changed. Where events do not come through, it looks every few seconds. */
function follow(url) {
  const source = new EventSource(url);
  source.addEventListener('change', () => refresh().catch(() => undefined));
  source.addEventListener('end', () => source.close());
  source.addEventListener('error', () => {
    if (source.readyState !== EventSource.CLOSED) return;
    const timer = setInterval(() => {
      if (main?.hasAttribute('data-live')) refresh().catch(() => undefined);
      else clearInterval(timer);
    }, FALLBACK_MS);
  });
}

if (main) follow(main.dataset.live);

// A choice filters by itself; the button stays for those who would rather press it.
for (const select of document.querySelectorAll('form[role="search"] select'))
  select.addEventListener('change', () => select.form.requestSubmit());

// What cannot be taken back is asked about once more.
for (const form of document.querySelectorAll('form[data-confirm]'))
  form.addEventListener('submit', (event) => {
    if (!confirm(form.dataset.confirm)) event.preventDefault();
  });
