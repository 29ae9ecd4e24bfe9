//! Sealing copies with age (age-encryption.org/v1), so that they can be opened without Baton too.

use super::{at, fault};
use crate::store::StoreError;
use age::x25519::{Identity, Recipient};
use std::fs::{File, OpenOptions};
use std::io::{BufReader, BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};

const OPENING: &[u8] = b"age-encryption.org/v1";

/// Whether a file begins as a sealed one does.
pub fn is_sealed(file: &Path) -> Result<bool, StoreError> {
    let mut start = [0; OPENING.len()];
    let read = File::open(file).and_then(|mut file| {
        let mut whole = 0;
        while let Some(rest) = start.get_mut(whole..).filter(|rest| !rest.is_empty()) {
            match file.read(rest)? {
                0 => break,
                some => whole += some,
            }
        }
        Ok(())
    });
    read.map_err(|why| at(file, &why))?;
    Ok(start == OPENING)
}

/// Seals for whoever holds the key of one of the recipients. Both files are there; off the runtime's threads.
pub(super) async fn seal(
    open: &Path,
    sealed: &Path,
    recipients: &[String],
) -> Result<(), StoreError> {
    let each = recipients.iter().map(|text| {
        let read = text.parse::<Recipient>();
        read.map_err(|why| fault(format!("{text} is no recipient: {why}")))
    });
    let recipients: Vec<Recipient> = each.collect::<Result<_, _>>()?;
    let (open, sealed) = (open.to_owned(), sealed.to_owned());
    aside(move || {
        let each = recipients.iter().map(|one| one as &dyn age::Recipient);
        let encryptor = age::Encryptor::with_recipients(each)
            .map_err(|why| fault(format!("it cannot be sealed: {why}")))?;
        let told = |why: std::io::Error| at(&sealed, &why);
        let to = BufWriter::new(writing(&sealed)?);
        let mut to = encryptor.wrap_output(to).map_err(told)?;
        std::io::copy(&mut reading(&open)?, &mut to).map_err(told)?;
        to.finish().and_then(|mut to| to.flush()).map_err(told)
    })
    .await
}

/// Opens with the keys in a file, as age-keygen writes it.
pub(super) async fn open(sealed: &Path, keys: &Path, open: &Path) -> Result<(), StoreError> {
    let text = std::fs::read_to_string(keys).map_err(|why| at(keys, &why))?;
    let lines = text.lines().map(str::trim);
    let keys_of = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    let shown = keys.display().to_string();
    let each = keys_of.map(|line| {
        let read = line.parse::<Identity>();
        read.map_err(|why| fault(format!("{shown} holds no key of age: {why}")))
    });
    let keys: Vec<Identity> = each.collect::<Result<_, _>>()?;
    let (sealed, open) = (sealed.to_owned(), open.to_owned());
    aside(move || {
        let told = |why: age::DecryptError| {
            fault(format!(
                "{} cannot be opened with {shown}: {why}",
                sealed.display()
            ))
        };
        let decryptor = age::Decryptor::new_buffered(reading(&sealed)?).map_err(told)?;
        let each = keys.iter().map(|key| key as &dyn age::Identity);
        let mut from = decryptor.decrypt(each).map_err(told)?;
        let mut to = BufWriter::new(writing(&open)?);
        let copied = std::io::copy(&mut from, &mut to).and_then(|_| to.flush());
        copied.map_err(|why| at(&sealed, &why))
    })
    .await
}

fn reading(path: &PathBuf) -> Result<BufReader<File>, StoreError> {
    let file = File::open(path).map_err(|why| at(path, &why))?;
    Ok(BufReader::with_capacity(256 * 1024, file))
}

fn writing(path: &PathBuf) -> Result<File, StoreError> {
    let file = OpenOptions::new().write(true).truncate(true).open(path);
    file.map_err(|why| at(path, &why))
}

async fn aside(
    work: impl FnOnce() -> Result<(), StoreError> + Send + 'static,
) -> Result<(), StoreError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|why| Err(fault(format!("it broke off: {why}"))))
}
