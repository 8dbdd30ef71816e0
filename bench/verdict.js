/**
 * Each wish with what came of it: met, missed, or not measured here. `own` names the World that is judged. A wish for a speed, where what is
 * measured is a time, is judged by what the others' is of ours.
 */
export function judge(wants, results, own) {
  return wants.map((want) => {
    const ours = results[own]?.value;
    const theirs = want.than ? results[want.than]?.value : 1;
    if (ours === undefined || theirs === undefined) return { text: want.text, met: undefined };
    const ratio = want.ofSpeed ? theirs / ours : ours / theirs;
    const met = want.atLeast === undefined ? ratio <= want.atMost : ratio >= want.atLeast;
    return { text: want.text, met, ratio: want.than ? ratio : undefined };
  });
}
