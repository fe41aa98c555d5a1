/** The arguments that let a Node load our TypeScript, in whatever folder it is started. */
export const LOADER: readonly string[] = ['--import', new URL('./register.mjs', import.meta.url).href];
