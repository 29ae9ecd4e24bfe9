//! Chance that can be had again: numbers from a seed, and what the environment asks of a long run.

/// The seed of ordinary runs.
const ORDINARY: u64 = 3_388_951_462;

/// Numbers in a row that look random; the same seed gives the same row (SplitMix64).
pub struct Chance {
    pub seed: u64,
    state: u64,
}

impl Chance {
    /// The seed from the environment; else a new one for a long run, and always the same for the ordinary one, so that a
    /// change is judged by what it changes. It is said, so that a run can be had again.
    pub fn begin(name: &str, long: bool) -> Self {
        let given = asked(name).or((!long).then_some(ORDINARY));
        let seed = given.unwrap_or_else(|| {
            let mut fresh = [0; 4];
            getrandom::fill(&mut fresh).unwrap();
            u64::from(u32::from_le_bytes(fresh))
        });
        println!("{name}={seed}");
        Self::from_seed(seed)
    }

    pub const fn from_seed(seed: u64) -> Self {
        Self { seed, state: seed }
    }

    /// A place among so many.
    pub fn place(&mut self, many: usize) -> usize {
        usize::try_from(self.below(u64::try_from(many).unwrap())).unwrap()
    }

    pub fn one_in(&mut self, many: usize) -> bool {
        self.place(many) == 0
    }

    /// Below `end`, from 0.
    pub fn below(&mut self, end: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end.max(1)
    }

    /// One of several, where there are some.
    pub fn find<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        all.get(self.place(all.len()))
    }

    /// One of several.
    pub fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.place(all.len())]
    }
}

/// A number that the environment gives.
#[expect(
    clippy::disallowed_methods,
    reason = "a long run and a replay are asked for from outside; nothing of the program reads this"
)]
pub fn asked(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is no number: {text}")),
    )
}
