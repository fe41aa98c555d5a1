import { guardedRequest } from '../fetch/guardedRequest.ts';
import { userAgent } from '../fetch/userAgent.ts';
import type { ApiRequest, ApiResponse } from '../model/apiExchange.ts';
import type { Config } from '../settings/Config.ts';
import { openAgents } from './openAgents.ts';

/** Requests to an API that the operator named, on connections of their own through the address guard. */
export interface ApiExchange {
  readonly userAgent: string;
  exchange(request: ApiRequest): Promise<ApiResponse>;
  close(): Promise<void>;
}

/** Opens no connection before the first request. */
export function openApiExchange(config: Config): ApiExchange {
  const agents = openAgents(config);
  return {
    userAgent: userAgent(null, config.contact),
    exchange: (request) => guardedRequest(agents, request),
    close: () => agents.close(),
  };
}
