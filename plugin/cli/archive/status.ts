import { Command } from 'commander';
import { CODES } from '../../model/status.ts';
import type { ArchiveOverview } from '../../show/Archive.ts';
import type { CommandContext } from '../context/CommandContext.ts';
import { addPortalOptions, type PortalOptions } from '../context/loadPortal.ts';
import { columns, print } from '../context/print.ts';
import { withArchiver } from '../context/withArchiver.ts';
import { laneLines } from './laneText.ts';

/** `status`: how the archive stands and what waits. */
export function statusCommand(context: CommandContext): Command {
  const command = new Command('status').description('How the archive stands: resources by outcome, and what waits.');
  return addPortalOptions(command).action(async (options: PortalOptions) => {
    await withArchiver(options, context, async (archiver) => {
      const { lanes, heldBy, counts, backlog, saves, pauses, earlierAddresses, storeConflict, mail } =
        await archiver.archive.overview();
      const status = {
        queue: archiver.queueName(),
        store: archiver.storeName(),
        counts,
        backlog,
        saves,
        lanes,
        heldBy,
        pauses,
        earlierAddresses,
        storeConflict,
        mail,
      };
      print(context, options, {
        json: status,
        lines: [
          ...columns(counts.map((one) => [one.code ?? 'not archived yet', one.count, wordOf(one)])),
          `due: ${backlog.due}${sinceText(backlog.oldestDueAt)}, being archived: ${backlog.leased}`,
          `saves not yet queued: ${saves.count}${sinceText(saves.oldestAt)}`,
          `last success: ${backlog.lastSuccessAt?.toISOString() ?? 'never'}`,
          ...laneLines({ lanes, heldBy }),
          ...pauses.map(({ owner, reason }) => `${owner} pauses: ${reason}`),
          ...earlierAddresses.map((url) => `copies may still be addressed below ${url}: run portal-archiver relocate`),
          ...(storeConflict === null ? [] : [storeConflict]),
          ...mailLines(mail),
          `queue: ${status.queue}, store: ${status.store}`,
        ],
      });
    });
  });
}

/** An outage alone is worth a line. */
const mailLines = (mail: ArchiveOverview['mail']): string[] =>
  mail?.failingSince ? [`no mail is sent since ${mail.failingSince.toISOString()}: ${mail.failure}`] : [];

/** Whether those links are broken, where their outcome alone does not say it. */
function wordOf({ code, broken }: ArchiveOverview['counts'][number]): string {
  if (broken) return 'broken';
  return code !== null && CODES[code].broken === true ? 'not confirmed yet' : '';
}

const sinceText = (at: Date | null): string => (at ? ` (the oldest since ${at.toISOString()})` : '');
