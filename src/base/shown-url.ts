/**
 * A URL, or a text that has one in it, as it may be shown: without its password. Where a password was written so that it does not read as
 * one (with a "/" or a "#" in it, or cut off before its "@"), it is hidden all the same, and perhaps what follows it, too.
 */
export function shownUrl(text: string): string {
  return text
    .replace(
      /(\/\/[^/:[\s]*):(?:.*@|(?!\d{1,5}(?:[/?#\s,;:)"'\]]|$))[^/\s]+)/s,
      (found, user: string) => `${user}:***${found.endsWith('@') ? '@' : ''}`,
    )
    .replaceAll(/([?&](?:ssl)?password=)[^&]*/gi, '$1***');
}
