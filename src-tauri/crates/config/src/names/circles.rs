//! Names that lead back to where they began.

use crate::reason::{Reason, reason};

/// How far the search has come with a place.
#[derive(Clone, Copy, PartialEq)]
enum Search {
    NotYet,
    OnTheWay,
    Done,
}

/// A way that leads back to where it began.
pub(super) struct Circle<'w> {
    /// The places on the way, each with the number of its link that was followed, counted from 1.
    way: &'w [(usize, usize)],
    /// The place to which the last one leads back.
    first: usize,
}

impl Circle<'_> {
    /// The last place on the way, and the number of its link that closes the circle.
    pub(super) fn closes(&self) -> Option<(usize, usize)> {
        self.way.last().map(|(place, next)| (*place, next.saturating_sub(1)))
    }

    /// The places that are part of it, each once, with the number of the link that leads to the next one.
    pub(super) fn links(&self) -> impl Iterator<Item = (usize, usize)> {
        let part = self.way.iter().skip_while(|(place, _)| *place != self.first);
        part.map(|(place, next)| (*place, next.saturating_sub(1)))
    }

    /// The circle as it is shown, where `name` tells what each place is called.
    pub(super) fn shown<'n>(&self, name: impl Fn(usize) -> Option<&'n str>) -> Reason {
        /// A longer circle is shown in part.
        const SHOWN: usize = 10;
        let names: Vec<&str> = self.links().map(|(place, _)| place).chain([self.first]).filter_map(name).collect();
        let text = match names.as_slice() {
            [first, second, .., before, last] if names.len() > SHOWN => {
                let (before, last) = (*before, *last);
                reason!("part_of_circle", first = *first, second = *second, more = names.len() - 4, before, last)
            }
            names => return reason!("circle", circle = names.join(" -> ")),
        };
        reason!("circle", circle = text)
    }
}

/// Tells `found` of each circle, once, where `links` are the places to which each place leads: a depth-first search that
/// keeps its own stack, because a chain may be as long as the file.
pub(super) fn each_circle(links: &[Vec<usize>], mut found: impl FnMut(&Circle<'_>)) {
    let mut search = vec![Search::NotYet; links.len()];
    for start in 0..links.len() {
        let mut way = vec![(start, 0)];
        while let Some((at, next)) = way.last_mut() {
            let (here, turn) = (*at, *next);
            let state = search.get(here).copied().unwrap_or(Search::Done);
            let step = links.get(here).and_then(|links| links.get(turn)).filter(|_| state != Search::Done);
            *next += 1;
            match step {
                None => {
                    mark(&mut search, here, Search::Done);
                    way.pop();
                }
                Some(there) => {
                    mark(&mut search, here, Search::OnTheWay);
                    match search.get(*there) {
                        Some(Search::NotYet) => way.push((*there, 0)),
                        Some(Search::OnTheWay) => found(&Circle { way: &way, first: *there }),
                        _ => {}
                    }
                }
            }
        }
    }
}

fn mark(search: &mut [Search], index: usize, state: Search) {
    if let Some(mark) = search.get_mut(index) {
        *mark = state;
    }
}
