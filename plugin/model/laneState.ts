import type { Lane } from './archival.ts';

/** How a lane stands, in all processes together. */
export interface LaneState {
  readonly lane: Lane;
  /** Hosts that something waits for, which nothing but the lane keeps from being asked; counted to 200. */
  readonly waitingHosts: number;
  /** How long something has waited while no archival of the lane ended; 0: nothing waits. */
  readonly idleMs: number;
  /** For longer than the settings allow. */
  readonly standsStill: boolean;
}

/** Who has places, the one with most of them first. */
export interface PlaceHolder {
  readonly host: string;
  readonly address: string | null;
  readonly domain: string | null;
  readonly slots: number;
  readonly since: Date;
}
