/** The processes that work with our tables, so that uninstalling can wait for them and they can make way. */
export interface Processes {
  /**
   * Notes that this process works, for so long unless it is noted again. `uninstalling`: the archiver is being uninstalled; a
   * process that was not noted before is not noted. `uninstalled`: our tables are gone.
   */
  note(owner: string, forMs: number): Promise<'noted' | 'uninstalling' | 'uninstalled'>;
  leave(owner: string): Promise<void>;
  /** Takes the right to uninstall for so long, or keeps it; from then on nobody starts. false: another process has it. */
  claimUninstall(owner: string, forMs: number): Promise<boolean>;
  dropClaim(owner: string): Promise<void>;
  /** Who is noted, and how many resources are leased, also by workers of a version before, which are not noted. */
  working(): Promise<{ readonly owners: readonly string[]; readonly leased: number }>;
}
