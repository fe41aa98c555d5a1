/** One exception of the address guard: a network, for one port or for all. */
export interface AllowedNetwork {
  /** CIDR, e.g. `127.0.0.0/8` or `::1/128`. */
  readonly cidr: string;
  readonly port: number | null;
}

/** Ports from `from` to `to`, both included. */
export interface PortRange {
  readonly from: number;
  readonly to: number;
}

/** A name server by its IP address. */
export interface DnsServer {
  readonly address: string;
  readonly port: number;
}

/** How we identify ourselves to one publisher; never logged, never sent to another host. */
export type Credential =
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  | { readonly kind: 'bearer'; readonly token: string }
  | { readonly kind: 'header'; readonly name: string; readonly value: string }
  | { readonly kind: 'query'; readonly name: string; readonly value: string };

/** What is special about one publisher's host; names are lower-case hosts, `*.example.org` covers subdomains. */
export interface HostSettings {
  readonly headers?: Readonly<Record<string, string>>;
  readonly credential?: Credential;
  readonly tls?: { readonly verify?: boolean; readonly ca?: string; readonly cert?: string; readonly key?: string };
  /** `http://proxy.example:3128` */
  readonly proxy?: string;
  readonly limits?: {
    readonly requestsPerSecond?: number;
    readonly burst?: number;
    readonly concurrency?: number;
    readonly addressConcurrency?: number;
    readonly domainConcurrency?: number;
    readonly bytesPerDay?: number;
    readonly gapFactor?: number;
    readonly quietHours?: readonly [number, number];
  };
}

/** A receiver of events, as the operator set it. */
export interface WebhookTarget {
  readonly url: string;
  /** `whsec_…`, base64 after the prefix (Standard Webhooks). */
  readonly secret: string;
  /** Event names; absent: all. */
  readonly events?: readonly string[];
}

/**
 * One step on the way through a form: follow a link by its text or a URL pattern; fill, tick and submit one form; wait
 * until the page has a link that matches a pattern, and follow it. `*` in a pattern stands for any text.
 */
export interface FormStep {
  readonly follow?: string;
  readonly wait?: string;
  /** Field name → text. */
  readonly fill?: Readonly<Record<string, string>>;
  /** Names or labels of check boxes to tick. */
  readonly accept?: readonly string[];
  /** Text, name or value of the button; without it the form's first. */
  readonly submit?: string;
}

/** How pages whose URL matches lead to their file. */
export interface FormRule {
  readonly url: string;
  readonly steps: readonly FormStep[];
}
