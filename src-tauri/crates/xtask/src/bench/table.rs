//! Figures of Estatus beside those of its peers, and what it is to reach.

/// A table of `N` programs, the first of which is Estatus.
#[derive(Debug)]
pub(crate) struct Table<const N: usize> {
    names: [&'static str; N],
    rows: Vec<Row<N>>,
}

#[derive(Debug)]
struct Row<const N: usize> {
    figure: &'static str,
    digits: usize,
    limit: Limit,
    values: [Option<Value>; N],
}

/// A figure.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value {
    /// So much.
    Is(f64),
    /// More than so much: it was not waited for any longer.
    Above(f64),
}

impl From<f64> for Value {
    fn from(is: f64) -> Self {
        Self::Is(is)
    }
}

impl Value {
    fn text(self, digits: usize) -> String {
        match self {
            Self::Is(is) => format!("{is:.digits$}"),
            Self::Above(least) => format!("> {least:.digits$}"),
        }
    }

    /// How much it is, if that is known.
    fn known(self) -> Option<f64> {
        if let Self::Is(is) = self { Some(is) } else { None }
    }
}

/// What Estatus is to reach.
#[derive(Debug)]
pub(crate) enum Limit {
    /// At most so much.
    AtMost(f64),
    /// At least so much.
    AtLeast(f64),
    /// At most these shares of what the others take.
    Shares(&'static [f64]),
    /// Nothing: it is told for comparison.
    Nothing,
}

impl<const N: usize> Table<N> {
    /// Without a row yet.
    pub(crate) fn new(names: [&'static str; N]) -> Self {
        Self { names, rows: Vec::new() }
    }

    /// Adds a figure, with so many digits after the point; `None` is what one has not, or what was not measured.
    pub(crate) fn row<V: Into<Value>>(
        &mut self,
        figure: &'static str,
        digits: usize,
        limit: Limit,
        values: [Option<V>; N],
    ) {
        self.rows.push(Row { figure, digits, limit, values: values.map(|value| value.map(Into::into)) });
    }

    /// As it is printed.
    pub(crate) fn text(&self) -> String {
        let names = self.names.iter().map(|name| (*name).to_owned());
        let head = [String::new()].into_iter().chain(names).chain(["Estatus is".to_owned(), "to reach".to_owned()]);
        let rows = self.rows.iter().map(|row| row.cells(&self.names));
        draw(&std::iter::once(head.collect()).chain(rows).collect::<Vec<_>>(), 1..=N)
    }
}

impl<const N: usize> Row<N> {
    fn cells(&self, names: &[&str; N]) -> Vec<String> {
        let digits = self.digits;
        let figure = |value: &Option<Value>| value.map_or_else(|| "–".to_owned(), |value| value.text(digits));
        let shares = self.shares();
        let said = shares.iter().zip(&names[1..]);
        let said: Vec<String> = said.filter_map(|(share, name)| Some(format!("{:.2} × {name}", (*share)?))).collect();
        let (goal, reached) = self.goal(&shares, names);
        let outcome = match reached {
            Some(true) => ": reached",
            Some(false) => ": MISSED",
            None => "",
        };
        let mut cells = vec![self.figure.to_owned()];
        cells.extend(self.values.iter().map(figure));
        cells.extend([said.join(", "), goal + outcome]);
        cells
    }

    /// What Estatus takes, as a part of what each of the others takes.
    fn shares(&self) -> Vec<Option<f64>> {
        let own = self.own();
        let share = |of: &Option<Value>| Some(own? / of.and_then(Value::known).filter(|of| *of > 0.0)?);
        self.values.iter().skip(1).map(share).collect()
    }

    fn own(&self) -> Option<f64> {
        self.values[0].and_then(Value::known)
    }

    /// What it is to reach, and whether it does.
    fn goal(&self, shares: &[Option<f64>], names: &[&str; N]) -> (String, Option<bool>) {
        let (digits, own) = (self.digits.min(2), self.own());
        match &self.limit {
            Limit::AtMost(most) => (format!("≤ {most:.digits$}"), own.map(|own| own <= *most)),
            Limit::AtLeast(least) => (format!("≥ {least:.digits$}"), own.map(|own| own >= *least)),
            Limit::Nothing => (String::new(), None),
            Limit::Shares(most) => {
                let goals = most.iter().zip(&names[1..]).map(|(most, name)| format!("≤ {most:.2} × {name}"));
                let reached = shares.iter().zip(*most).map(|(share, most)| Some((*share)? <= *most));
                (
                    goals.collect::<Vec<_>>().join(", "),
                    reached.collect::<Option<Vec<_>>>().map(|all| !all.contains(&false)),
                )
            }
        }
    }
}

fn draw(rows: &[Vec<String>], figures: std::ops::RangeInclusive<usize>) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or_default()).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, &width))| {
            if figures.contains(&column) { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_is_reached_missed_or_unknown() {
        let check = |limit, values: [Option<f64>; 3], expected: &str| {
            let values = values.map(|value| value.map(Value::Is));
            let cells = Row { figure: "it", digits: 1, limit, values }.cells(&["Estatus", "one", "other"]);
            assert!(cells.last().unwrap().ends_with(expected), "{cells:?}");
        };
        check(Limit::AtMost(50.0), [Some(50.0), None, None], "≤ 50.0: reached");
        check(Limit::AtMost(50.0), [Some(50.1), Some(60.0), None], "≤ 50.0: MISSED");
        check(Limit::AtMost(50.0), [None, Some(60.0), None], "≤ 50.0");
        check(Limit::AtLeast(50.0), [Some(50.1), None, None], "≥ 50.0: reached");
        check(Limit::AtLeast(50.0), [Some(49.9), None, None], "≥ 50.0: MISSED");
        check(Limit::Shares(&[1.0, 0.5]), [Some(1.0), Some(1.0), Some(2.0)], ": reached");
        check(Limit::Shares(&[1.0, 0.5]), [Some(1.1), Some(1.0), Some(9.0)], ": MISSED");
        check(Limit::Shares(&[1.0, 0.5]), [Some(1.0), Some(1.0), Some(1.9)], ": MISSED");
    }
    #[test]
    fn what_was_not_waited_for_is_no_number_to_compare_with() {
        let values = [Some(Value::Is(0.5)), Some(Value::Above(20.0)), None];
        let cells =
            Row { figure: "it", digits: 1, limit: Limit::AtMost(1.0), values }.cells(&["Estatus", "one", "other"]);
        assert_eq!(cells, ["it", "0.5", "> 20.0", "–", "", "≤ 1.0: reached"]);
    }
}
