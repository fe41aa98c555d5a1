import type { HookEvent, HookListener, HookName, HookSource } from 'portal-archiver';

/** The portal's hooks, as a plugin may listen to them; each listener is awaited within the save. */
export class PortalHooks implements HookSource {
  readonly #listeners = new Map<HookName, Set<HookListener>>();

  on(name: HookName, listener: HookListener): void {
    this.#listeners.set(name, (this.#listeners.get(name) ?? new Set()).add(listener));
  }

  off(name: HookName, listener: HookListener): void {
    this.#listeners.get(name)?.delete(listener);
  }

  async tell(name: HookName, event: HookEvent): Promise<void> {
    for (const listener of this.#listeners.get(name) ?? []) await listener(event);
  }
}
