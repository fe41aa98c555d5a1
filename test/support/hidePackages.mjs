// `node --import hidePackages.mjs …`: the packages that $HIDDEN_PACKAGES names are as if nobody had installed them.
import { register } from 'node:module';

const hook = `
  const hidden = process.env.HIDDEN_PACKAGES.split(' ');
  export function resolve(specifier, context, next) {
    if (!hidden.some((name) => specifier === name || specifier.startsWith(name + '/'))) return next(specifier, context);
    throw Object.assign(new Error("Cannot find package '" + specifier + "'"), { code: 'ERR_MODULE_NOT_FOUND' });
  }`;
register(`data:text/javascript,${encodeURIComponent(hook)}`);
