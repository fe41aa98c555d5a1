/** Runs in a page of a portal: uses each URL in every way that the page could, and tells what had an effect. */
export default async function attack(urls) {
  const ran = [];
  const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const settled = (element) =>
    new Promise((resolve) => {
      element.onload = resolve;
      element.onerror = resolve;
      document.body.append(element);
      setTimeout(resolve, 3000);
    });
  const note = async (way, url, attempt) => {
    globalThis.ran = undefined;
    const result = await attempt().catch(() => undefined);
    if (globalThis.ran !== undefined || result === true) ran.push({ way, url });
  };
  const script = (src, type) => settled(Object.assign(document.createElement('script'), { src, type }));
  const heard = (worker, port = worker) =>
    new Promise((resolve) => {
      port.onmessage = () => resolve(true);
      worker.onerror = () => resolve(false);
      setTimeout(() => resolve(false), 3000);
    });
  const asScript = async (url) => {
    await note('classic script', url, () => script(url, ''));
    await note('module script', url, () => script(url, 'module'));
    await note('dynamic import', url, () => import(`${url}?import`));
    await note('worker', url, () => heard(new Worker(url)));
    await note('module worker', url, () => heard(new Worker(url, { type: 'module' })));
    await note('shared worker', url, () => {
      const worker = new SharedWorker(url);
      return heard(worker, worker.port);
    });
    await note('service worker', url, async () => {
      const registration = await navigator.serviceWorker.register(url, { scope: url });
      await registration.unregister();
      return true;
    });
  };
  const asStyle = async (url) => {
    const link = Object.assign(document.createElement('link'), { rel: 'stylesheet', href: url });
    await note('stylesheet', url, async () => {
      await settled(link);
      return getComputedStyle(document.documentElement).getPropertyValue('--ran').trim() === 'style';
    });
    link.remove();
  };
  /** What becomes a download never settles, so all are tried together. */
  const asFrames = async (name, attribute, pages) => {
    const frames = pages.map(({ url }) => Object.assign(document.createElement(name), { [attribute]: url }));
    await note(name, pages.map(({ url }) => url).join(' '), async () => {
      const all = Promise.all(frames.map(settled));
      for (let waited = 0; waited < 3000 && globalThis.ran === undefined; waited += 20) await wait(20);
      return globalThis.ran === undefined ? undefined : all.then(() => true);
    });
    for (const frame of frames) frame.remove();
  };
  const pages = urls.filter(({ kind }) => kind !== 'script' && kind !== 'style');
  await asFrames('iframe', 'src', pages);
  await asFrames('object', 'data', pages);
  await asFrames('embed', 'src', pages);
  const ways = { script: asScript, style: asStyle };
  for (const { kind, url } of urls) await ways[kind]?.(url);
  return ran;
}
