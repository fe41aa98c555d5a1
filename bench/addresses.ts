/** The nth loopback address, from 127.0.0.1 on, so that one server can play many hosts. */
export const addressOf = (host: number): string => `127.0.${Math.floor(host / 250)}.${(host % 250) + 1}`;
