//! How progress is shown: a bar on a terminal, lines elsewhere, JSON for programs.

use std::io::IsTerminal;
use std::time::Duration;

use base::Result;
use indicatif::ProgressBar;

use super::figures::Figures;
use crate::cli::Progress;
use crate::process;

/// Time between two lines for people; a bar and JSON are renewed at each call.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// Time between calls of [`Show::update`].
pub(super) const UPDATE_EVERY: Duration = Duration::from_millis(200);

/// Shows figures as they come.
pub(super) struct Show {
    how: How,
    before: Figures,
}

enum How {
    Bar(ProgressBar),
    Lines,
    Json,
    Nothing,
}

impl Show {
    pub(super) fn new(progress: Progress) -> Self {
        let how = match progress {
            Progress::Auto if std::io::stderr().is_terminal() => How::Bar(process::progress::bar()),
            Progress::Auto | Progress::Plain => How::Lines,
            Progress::Json => How::Json,
            Progress::None => How::Nothing,
        };
        Self { how, before: Figures::default() }
    }

    pub(super) fn update(&mut self, now: &Figures) -> Result<()> {
        match &self.how {
            How::Bar(bar) => {
                bar.set_length(now.records() + now.lag());
                bar.set_position(now.records());
                bar.set_message(now.line(&self.before).to_string());
                if now.elapsed.saturating_sub(self.before.elapsed) >= LINE_EVERY {
                    self.before = now.clone();
                }
            }
            How::Lines if now.elapsed.saturating_sub(self.before.elapsed) >= LINE_EVERY => {
                tracing::info!("{}", now.line(&self.before));
                self.before = now.clone();
            }
            How::Json => process::say(now.json())?,
            How::Lines | How::Nothing => {}
        }
        Ok(())
    }

    /// The last figures, whatever the interval.
    pub(super) fn finish(&mut self, now: &Figures) -> Result<()> {
        match &self.how {
            How::Bar(bar) => bar.finish_and_clear(),
            How::Json => process::say(now.json())?,
            How::Lines | How::Nothing => {}
        }
        if !matches!(self.how, How::Json | How::Nothing) {
            tracing::info!("{}", now.line(&Figures::default()));
        }
        Ok(())
    }
}
