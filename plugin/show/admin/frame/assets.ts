import { readFileSync } from 'node:fs';
import type { Request, Response } from 'express';
import { hashOf, sendTagged } from '../../sendTagged.ts';
import type { Place } from './Place.ts';
import { adminPath } from './paths.ts';

interface Asset {
  readonly type: string;
  readonly text: string;
  readonly hash: string;
}

/** Files that pages load; they lie beside the code, in the package too. */
export type AssetName = 'style.css' | 'script.js' | 'icon.svg' | 'agendash.css' | 'agendash.js';

const TYPES: Readonly<Record<AssetName, string>> = {
  'style.css': 'text/css; charset=utf-8',
  'script.js': 'text/javascript; charset=utf-8',
  'icon.svg': 'image/svg+xml; charset=utf-8',
  'agendash.css': 'text/css; charset=utf-8',
  'agendash.js': 'text/javascript; charset=utf-8',
};

const YEAR_S = 365 * 24 * 3600;
const known = new Map<AssetName, Asset>();

function assetOf(name: AssetName): Asset {
  const asset = known.get(name) ?? readAsset(name);
  known.set(name, asset);
  return asset;
}

function readAsset(name: AssetName): Asset {
  const text = readFileSync(new URL(`./assets/${name}`, import.meta.url), 'utf8');
  return { type: TYPES[name], text, hash: hashOf(text) };
}

/** The path of a file in the version that this process has: a newer one is another path, so that no cache holds it back. */
export const assetPath = (place: Pick<Place, 'base'>, name: AssetName): string =>
  `${adminPath(place, name)}?v=${assetOf(name).hash.slice(0, 12)}`;

/** The same for everybody, and says nothing of the archive. */
export function sendAsset(name: AssetName, request: Request, response: Response): void {
  const { type, text, hash } = assetOf(name);
  const isNamed = request.query['v'] === hash.slice(0, 12);
  response.setHeader('Content-Type', type);
  response.setHeader('Cache-Control', isNamed ? `public, max-age=${YEAR_S}, immutable` : 'public, no-cache');
  sendTagged(text, request, response);
}
