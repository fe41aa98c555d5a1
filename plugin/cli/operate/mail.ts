import { Command } from 'commander';
import type { MailDigest, MailReport } from '../../mail/Digest.ts';
import type { CommandContext } from '../context/CommandContext.ts';
import { addPortalOptions, type PortalOptions } from '../context/loadPortal.ts';
import { columns, print } from '../context/print.ts';
import { withArchiver } from '../context/withArchiver.ts';

/** `mail`: sends what is due to maintainers now, as the schedule does; or says who would get what. */
export function mailCommand(context: CommandContext): Command {
  const command = new Command('mail')
    .description('Sends the mail to maintainers that is due; ends with 1 where the mail server takes none.')
    .option('--dry-run', 'only say who would get what');
  return addPortalOptions(command).action(async (options: PortalOptions & { readonly dryRun?: true }) => {
    await withArchiver(options, context, async ({ archive: { mail } }) => {
      if (options.dryRun) {
        const due = await mail.due();
        return print(context, options, { json: { dryRun: true, due }, lines: dueLines(due) });
      }
      const report = await mail.send();
      print(context, options, { json: { dryRun: false, ...report }, lines: [reportLine(report)] });
      if (report.failure !== null) context.setExitCode(1);
    });
  });
}

function dueLines(due: readonly MailDigest[]): string[] {
  if (due.length === 0) return ['there is nothing to tell anybody'];
  return columns(
    due.map(({ address, language, newlyBroken, stillBroken, worksAgain, held }) => [
      address,
      language,
      `${newlyBroken} newly broken, ${stillBroken} still, ${worksAgain} work again`,
      held === null ? '' : `not now: ${held}`,
    ]),
  );
}

function reportLine({ sent, refused, postponed, unknown, failure }: MailReport): string {
  const ends = `${sent} sent, ${refused} refused, ${postponed} put off, ${unknown} not certain`;
  return failure === null ? ends : `${ends}; the mail server takes no mail: ${failure}`;
}
