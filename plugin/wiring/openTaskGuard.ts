import type { Config } from '../settings/Config.ts';
import { TaskGuard } from '../show/taskGuard.ts';

type TaskSettings = Pick<Config, 'taskAudience' | 'taskServiceAccount' | 'taskKeysUrl' | 'taskIssuer'>;

/** Whose tasks are taken; what checks tokens is loaded only where an audience is set. App Engine sets `GAE_ENV`. */
export async function openTaskGuard(
  config: TaskSettings,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<TaskGuard> {
  const isAppEngine = Boolean(environment['GAE_ENV'] ?? environment['GAE_APPLICATION']);
  const { taskAudience: audience, taskServiceAccount: serviceAccount } = config;
  if (audience === null || serviceAccount === null) return new TaskGuard({ verifyToken: null, isAppEngine });
  const { createTokenCheck } = await import('../show/taskToken.ts');
  const { taskIssuer: issuer, taskKeysUrl: keysUrl } = config;
  return new TaskGuard({ verifyToken: createTokenCheck({ audience, serviceAccount, issuer, keysUrl }), isAppEngine });
}
