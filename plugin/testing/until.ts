/** Asks until it holds; throws after `seconds`. For what tells nobody when it happens, such as a row in a database. */
export async function until(holds: () => boolean | Promise<boolean>, seconds = 20): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`It did not come about within ${seconds} s.`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
