//! The picture of a timeline: a lane for each stage, waiting hatched and work filled, from SVG written here to PNG.
//! Names come from outside: what goes into the SVG is text, never markup.

use crate::domain::ids::{PersonId, StageId};
use crate::domain::lanes::{Going, Lanes, Span};
use crate::domain::record::shown_time;
use crate::domain::view::age;
use crate::render::escape::clamp;
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Group, Node, Options, Tree};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The one font, so that a picture is the same on every machine.
const FONT: &[u8] = include_bytes!("../../templates/fonts/DejaVuSans.ttf");
const FAMILY: &str = "DejaVu Sans";

const WIDTH: f64 = 1200.0;
/// Where the lanes begin; before it stand the stages.
const LEFT: f64 = 220.0;
const RIGHT: f64 = WIDTH - 30.0;
const TOP: f64 = 92.0;
const LANE: f64 = 78.0;
const BAR: f64 = 30.0;
const FOOT: f64 = 60.0;
/// A span is at least this wide, however short: each can be seen.
const NARROWEST: f64 = 14.0;
/// Roughly, of a letter at the small size.
const LETTER: f64 = 7.2;
/// More spans than this are drawn as the newest of them.
const MOST: usize = 40;

/// What is drawn.
pub struct Picture<'a> {
    /// The incident, as people name it.
    pub title: &'a str,
    pub lanes: &'a Lanes,
    pub stages: &'a BTreeMap<StageId, String>,
    pub names: &'a BTreeMap<PersonId, String>,
    pub zone: Tz,
}

/// Why there is no picture; never with contents.
#[derive(Debug, thiserror::Error)]
#[error("the picture of the timeline cannot be drawn: {0}")]
pub struct PictureFault(String);

impl Picture<'_> {
    /// A PNG, or nothing where no time has passed yet.
    pub fn png(&self) -> Result<Option<Vec<u8>>, PictureFault> {
        let Some(svg) = self.svg() else {
            return Ok(None);
        };
        let mut options = Options {
            font_family: FAMILY.to_owned(),
            ..Options::default()
        };
        options.fontdb_mut().load_font_data(FONT.to_vec());
        let fault = |why: String| PictureFault(why);
        let tree = Tree::from_str(&svg, &options).map_err(|f| fault(f.to_string()))?;
        let size = tree.size().to_int_size();
        let mut pixels = Pixmap::new(size.width(), size.height())
            .ok_or_else(|| fault("it has no size".to_owned()))?;
        resvg::render(&tree, Transform::identity(), &mut pixels.as_mut());
        let mut words = String::new();
        read_words(tree.root(), &mut words);
        let png = encoded(&pixels, words).map_err(|f| fault(f.to_string()))?;
        Ok(Some(png))
    }

    /// What the picture says, in a line: for those who cannot see it.
    pub fn in_words(&self) -> String {
        let (worked, waited) = (Going::Working, Going::Waiting);
        format!(
            "worked on for {}, waited {}",
            took(self.lanes.total(worked)),
            took(self.lanes.total(waited))
        )
    }

    fn svg(&self) -> Option<String> {
        let all = &self.lanes.spans;
        let spans = all.get(all.len().saturating_sub(MOST)..)?;
        let (first, last) = (spans.first()?, spans.last()?);
        let stages = self.lanes.stages();
        let lanes = u32::try_from(stages.len()).unwrap_or(u32::MAX);
        let bottom = TOP + f64::from(lanes) * LANE;
        let height = bottom + FOOT;
        let mut svg = format!(
            "<svg xmlns='http://www.w3.org/2000/svg' width='{WIDTH}' height='{height}' font-family='{FAMILY}'>\
             <defs><pattern id='wait' width='8' height='8' patternUnits='userSpaceOnUse' patternTransform='rotate(45)'>\
             <rect width='8' height='8' fill='#fdf3df'/><rect width='3' height='8' fill='#d99a2b'/></pattern></defs>\
             <rect width='100%' height='100%' fill='#ffffff'/>"
        );
        let cut = if all.len() > MOST {
            ", the newest part"
        } else {
            ""
        };
        let until = if self.lanes.open { "now" } else { "closed" };
        let title = format!(
            "{}{cut}: {} to {} ({until})",
            self.title,
            shown_time(first.from, self.zone),
            shown_time(last.to, self.zone)
        );
        text(&mut svg, (24.0, 34.0), 18, "#1f2933", "start", &title);
        self.legend(&mut svg);
        for (n, stage) in stages.iter().enumerate() {
            let title = self
                .stages
                .get(*stage)
                .map_or(stage.as_str(), String::as_str);
            lane(&mut svg, lane_top(n), title);
        }
        let places = places(spans);
        for (at, (span, (x, width))) in spans.iter().zip(&places).enumerate() {
            let n = stages.iter().position(|s| **s == span.stage).unwrap_or(0);
            let place = (*x, lane_top(n));
            bar(&mut svg, span, place, *width);
            // What stands under a bar may run on to where the next of its lane has something.
            let after = spans.iter().zip(&places).skip(at + 1);
            let next = after
                .into_iter()
                .find(|(s, _)| s.stage == span.stage && s.holder.is_some());
            let end = next.map_or(RIGHT, |(_, (x, _))| *x);
            self.under(&mut svg, span, place, (*width, end));
        }
        self.axis(&mut svg, spans, &places, bottom);
        svg.push_str("</svg>");
        Some(svg)
    }

    fn legend(&self, svg: &mut String) {
        let (worked, waited) = (Going::Working, Going::Waiting);
        bar_at(svg, (24.0, 52.0), 26.0, 16.0, Going::Working);
        let work = format!("work, {}", took(self.lanes.total(worked)));
        text(svg, (58.0, 65.0), 13, "#1f2933", "start", &work);
        bar_at(svg, (330.0, 52.0), 26.0, 16.0, Going::Waiting);
        let wait = format!("waiting, {}", took(self.lanes.total(waited)));
        text(svg, (364.0, 65.0), 13, "#1f2933", "start", &wait);
        let note = "Longer is wider; the shortest spans are drawn wider than they were.";
        text(svg, (RIGHT, 65.0), 12, "#52606d", "end", note);
    }

    /// Who held it, and how long where the bar has no room for it.
    fn under(
        &self,
        svg: &mut String,
        span: &Span,
        (x, lane): (f64, f64),
        (width, end): (f64, f64),
    ) {
        let Some(holder) = span.holder else { return };
        let who = match span.going {
            Going::Working => self
                .names
                .get(&holder)
                .cloned()
                .unwrap_or_else(|| holder.to_string()),
            Going::Waiting => "second person".to_owned(),
        };
        let took = took(span.took());
        let under = if took.chars().count() <= room(width) {
            who
        } else {
            format!("{who}, {took}")
        };
        let room = room(end - x);
        if room >= 4 {
            let under = clamp(&under, room);
            text(svg, (x, lane + BAR + 28.0), 12, "#52606d", "start", &under);
        }
    }

    /// The times at which spans begin, where there is room for them, and the end.
    fn axis(&self, svg: &mut String, spans: &[Span], places: &[(f64, f64)], bottom: f64) {
        let _ = write!(
            svg,
            "<line x1='{LEFT}' y1='{bottom}' x2='{RIGHT}' y2='{bottom}' stroke='#9aa5b1'/>"
        );
        let end = spans.last().map(|span| (RIGHT, span.to, "end"));
        let starts = spans.iter().zip(places);
        let starts = starts.map(|(span, (x, _))| (*x, span.from, "start"));
        let mut free = LEFT;
        let letters = |at: DateTime<Utc>| shown_time(at, self.zone).chars().count();
        let width = |at| f64::from(u32::try_from(letters(at)).unwrap_or(0)) * LETTER;
        for (x, at, anchor) in starts {
            let last = RIGHT - end.map_or(0.0, |(_, at, _)| width(at)) - 12.0;
            if x >= free && x + width(at) <= last {
                tick(svg, x, bottom);
                let time = shown_time(at, self.zone);
                text(svg, (x, bottom + 24.0), 12, "#52606d", anchor, &time);
                free = x + width(at) + 16.0;
            }
        }
        if let Some((x, at, anchor)) = end {
            tick(svg, x, bottom);
            let time = shown_time(at, self.zone);
            text(svg, (x, bottom + 24.0), 12, "#52606d", anchor, &time);
            let word = if self.lanes.open { "goes on" } else { "closed" };
            text(svg, (x, bottom + 42.0), 12, "#52606d", anchor, word);
        }
    }
}

fn bar(svg: &mut String, span: &Span, (x, lane): (f64, f64), width: f64) {
    let y = lane + 12.0;
    bar_at(svg, (x, y), width, BAR, span.going);
    let took = took(span.took());
    let letters = took.chars().count();
    if letters > room(width) {
        return;
    }
    let middle = (x + width / 2.0, y + BAR / 2.0 + 5.0);
    let fill = match span.going {
        Going::Working => "#ffffff",
        Going::Waiting => {
            // Letters on hatching are hard to read.
            let plate = f64::from(u32::try_from(letters).unwrap_or(0)) * LETTER + 10.0;
            let (x, y) = (middle.0 - plate / 2.0, y + 5.0);
            let _ = write!(
                svg,
                "<rect x='{x:.1}' y='{y:.1}' width='{plate:.1}' height='20' rx='4' fill='#fdf3df'/>"
            );
            "#1f2933"
        }
    };
    text(svg, middle, 13, fill, "middle", &took);
}

/// Left edge and width of each span: by time, and none too narrow to be seen.
fn places(spans: &[Span]) -> Vec<(f64, f64)> {
    let seconds = |span: &Span| {
        let seconds = span.took().num_seconds().clamp(1, i64::from(u32::MAX));
        f64::from(u32::try_from(seconds).unwrap_or(u32::MAX))
    };
    let count = f64::from(u32::try_from(spans.len()).unwrap_or(u32::MAX));
    let total: f64 = spans.iter().map(seconds).sum();
    let shared = RIGHT - LEFT - count * NARROWEST;
    let mut x = LEFT;
    let place = |span: &Span| {
        let width = NARROWEST + shared * seconds(span) / total;
        let at = x;
        x += width;
        (at, width)
    };
    spans.iter().map(place).collect()
}

fn lane_top(n: usize) -> f64 {
    TOP + f64::from(u32::try_from(n).unwrap_or(u32::MAX)) * LANE
}

fn lane(svg: &mut String, y: f64, title: &str) {
    let _ = write!(
        svg,
        "<line x1='24' y1='{y}' x2='{RIGHT}' y2='{y}' stroke='#e4e7eb'/>"
    );
    let title = clamp(title, 24);
    text(svg, (24.0, y + 33.0), 14, "#1f2933", "start", &title);
}

fn bar_at(svg: &mut String, (x, y): (f64, f64), width: f64, height: f64, going: Going) {
    let (fill, stroke) = match going {
        Going::Working => ("#1f6f8b", "#174f63"),
        Going::Waiting => ("url(#wait)", "#b57a16"),
    };
    let _ = write!(
        svg,
        "<rect x='{x:.1}' y='{y:.1}' width='{width:.1}' height='{height}' rx='3' fill='{fill}' stroke='{stroke}'/>"
    );
}

fn tick(svg: &mut String, x: f64, y: f64) {
    let to = y + 8.0;
    let _ = write!(
        svg,
        "<line x1='{x:.1}' y1='{y}' x2='{x:.1}' y2='{to}' stroke='#9aa5b1'/>"
    );
}

/// Letters that fit.
fn room(width: f64) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a width is between 0 and the picture's"
    )]
    let letters = ((width - 6.0) / LETTER).max(0.0) as usize;
    letters
}

/// A time that something took, as people say it.
fn took(time: TimeDelta) -> String {
    match time.num_minutes() {
        0 => "under 1 min".to_owned(),
        _ => age(time),
    }
}

fn text(svg: &mut String, (x, y): (f64, f64), size: u8, fill: &str, anchor: &str, words: &str) {
    let _ = write!(
        svg,
        "<text x='{x:.1}' y='{y:.1}' font-size='{size}' fill='{fill}' text-anchor='{anchor}'>{}</text>",
        as_text(words)
    );
}

/// Text for XML: no markup, nothing that XML forbids.
fn as_text(words: &str) -> String {
    let mut text = String::with_capacity(words.len());
    for letter in words.chars() {
        match letter {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '\u{fffe}' | '\u{ffff}' => {}
            letter if letter.is_control() => text.push(' '),
            letter => text.push(letter),
        }
    }
    text
}

/// Every text of the picture, a line each.
fn read_words(group: &Group, words: &mut String) {
    for node in group.children() {
        match node {
            Node::Group(inner) => read_words(inner, words),
            Node::Text(text) => {
                for chunk in text.chunks() {
                    words.push_str(chunk.text());
                    words.push('\n');
                }
            }
            Node::Path(_) | Node::Image(_) => {}
        }
    }
}

/// The picture hides nothing behind it: its colours stand as they are. Its words go with it.
fn encoded(pixels: &Pixmap, words: String) -> Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, pixels.width(), pixels.height());
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.add_itxt_chunk("Description".to_owned(), words)?;
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels.data())?;
    writer.finish()?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> DateTime<Utc> {
        "2026-11-03T09:00:00Z".parse().unwrap()
    }

    fn span(stage: &str, from: i64, to: i64, holder: Option<i64>) -> Span {
        Span {
            stage: StageId::new(stage),
            from: start() + TimeDelta::minutes(from),
            to: start() + TimeDelta::minutes(to),
            going: match holder {
                Some(_) => Going::Working,
                None => Going::Waiting,
            },
            holder: holder.map(PersonId),
        }
    }

    fn way() -> Lanes {
        Lanes {
            spans: vec![
                span("triage", 0, 12, None),
                span("triage", 12, 40, Some(4)),
                span("investigation", 40, 95, None),
                span("investigation", 95, 380, Some(7)),
                span("containment", 380, 384, None),
                span("containment", 384, 700, Some(9)),
                span("investigation", 700, 702, None),
                span("investigation", 702, 1500, Some(7)),
            ],
            open: false,
        }
    }

    fn drawn<T>(lanes: &Lanes, name: &str, show: impl Fn(&Picture<'_>) -> T) -> T {
        let title = |id: &str, title: &str| (StageId::new(id), title.to_owned());
        let stages = BTreeMap::from([
            title("triage", "Triage"),
            title("investigation", "Investigation"),
            title("containment", "Containment & response"),
        ]);
        let names = BTreeMap::from([
            (PersonId(4), "tier1".to_owned()),
            (PersonId(7), name.to_owned()),
        ]);
        show(&Picture {
            title: "INC-42",
            lanes,
            stages: &stages,
            names: &names,
            zone: Tz::UTC,
        })
    }

    /// Width and height stand behind the signature and the header's name.
    fn size(png: &[u8]) -> (u32, u32) {
        assert_eq!(&png[1..4], b"PNG");
        let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
        (number(16), number(20))
    }

    #[test]
    fn a_way_through_three_stages_is_a_picture_with_three_lanes() {
        let png = drawn(&way(), "tier2", |p| p.png().unwrap().unwrap());
        assert_eq!(size(&png), (1200, 386));
        if let Some(folder) = option_env!("BATON_PICTURES") {
            std::fs::write(format!("{folder}/lanes.png"), &png).unwrap();
        }
    }

    #[test]
    fn the_letters_are_really_drawn() {
        // Where the font does not load, the picture stays, without a word in it.
        let named = drawn(&way(), "tier2", |p| p.png().unwrap().unwrap());
        let other = drawn(&way(), "tier3", |p| p.png().unwrap().unwrap());
        let pixels = |png: &[u8]| {
            let from = png.windows(4).position(|four| four == b"IDAT").unwrap();
            png[from..].to_vec()
        };
        assert_ne!(pixels(&named), pixels(&other));
    }

    #[test]
    fn the_words_of_the_picture_go_with_it() {
        let png = drawn(&way(), "tier2", |p| p.png().unwrap().unwrap());
        let text = String::from_utf8_lossy(&png);
        for words in ["Description", "tier2", "Triage"] {
            assert!(text.contains(words), "{words}");
        }
    }

    #[test]
    fn a_name_is_never_markup() {
        let name = "</text><image href='file:///etc/passwd'/>&\u{1}";
        let svg = drawn(&way(), name, |p| p.svg().unwrap());
        assert!(!svg.contains("<image"), "{svg}");
        assert!(svg.contains("&lt;/text&gt;&lt;image"), "{svg}");
        assert!(drawn(&way(), name, |p| p.png().unwrap()).is_some());
    }

    #[test]
    fn every_span_is_seen_in_order_and_none_leaves_the_picture() {
        let mut spans = vec![span("triage", 0, 1_000_000, None)];
        spans.extend((0..39).map(|n| span("triage", 1_000_000 + n, 1_000_001 + n, Some(4))));
        let places = places(&spans);
        assert!(places.iter().all(|(_, width)| *width >= NARROWEST));
        assert!(places.windows(2).all(|two| two[0].0 < two[1].0));
        let (x, width) = places.last().unwrap();
        assert!((x + width - RIGHT).abs() < 0.01);
    }

    #[test]
    fn before_any_time_has_passed_there_is_no_picture() {
        let lanes = Lanes::default();
        assert!(drawn(&lanes, "tier2", |p| p.png().unwrap()).is_none());
    }

    #[test]
    fn the_times_stand_in_words_too() {
        let words = drawn(&way(), "tier2", |p| format!("{}.", p.in_words()));
        assert_eq!(words, "worked on for 23 hours, waited 73 min.");
    }
}
