import { DefaultAzureCredential, type TokenCredential } from '@azure/identity';

/**
 * Who we are, found as Azure's own libraries do: AZURE_CLIENT_ID and its relatives, a workload identity of Kubernetes, a
 * managed identity, a developer's login. Nothing is asked before the first token is needed; tokens are renewed by it.
 */
export const azureIdentity = (): TokenCredential => new DefaultAzureCredential();
