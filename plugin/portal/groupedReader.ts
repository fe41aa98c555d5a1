interface Waiting<Value> {
  readonly id: string;
  resolve(value: Value | null): void;
  reject(error: unknown): void;
}

const MAX_GROUP = 500;

/**
 * Reads rows by id in groups: while one query runs, the next ids gather. Each caller sees the row as it was after it had
 * asked; a query that fails fails all who waited for it.
 */
export class GroupedReader<Value> {
  readonly #readMany: (ids: readonly string[]) => Promise<ReadonlyMap<string, Value>>;
  #waiting: Waiting<Value>[] = [];
  #isReading = false;

  constructor(readMany: (ids: readonly string[]) => Promise<ReadonlyMap<string, Value>>) {
    this.#readMany = readMany;
  }

  /** null when it is not there. */
  read(id: string): Promise<Value | null> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ id, resolve, reject });
      if (this.#isReading) return;
      this.#isReading = true;
      setImmediate(() => void this.#readAll());
    });
  }

  async #readAll(): Promise<void> {
    while (this.#waiting.length > 0) await this.#readGroup(this.#waiting.splice(0, MAX_GROUP));
    this.#isReading = false;
  }

  async #readGroup(group: readonly Waiting<Value>[]): Promise<void> {
    try {
      const found = await this.#readMany([...new Set(group.map(({ id }) => id))]);
      for (const { id, resolve } of group) resolve(found.get(id) ?? null);
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  }
}
