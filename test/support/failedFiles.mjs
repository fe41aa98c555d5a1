/** A reporter that writes each test file in which something failed, a line each; a file may come more than once. */
export default async function* failedFiles(events) {
  for await (const { type, data } of events) if (type === 'test:fail' && data.file) yield `${data.file}\n`;
}
