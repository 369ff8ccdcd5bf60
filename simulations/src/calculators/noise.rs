//! How an honest measurement errs, in units of its standard deviation.

use std::fmt;
use std::str::FromStr;

use super::error::CalculatorError;
use super::random::Stream;

/// A family of errors; each has mean zero and standard deviation one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Noise {
    /// The normal distribution.
    Gaussian,
    /// Exponential on both sides: heavier tails.
    Laplace,
    /// Student's t with three degrees of freedom, the heaviest tails with a finite variance.
    StudentT3,
}

impl Noise {
    /// Every family.
    pub const ALL: [Self; 3] = [Self::Gaussian, Self::Laplace, Self::StudentT3];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gaussian => "gaussian",
            Self::Laplace => "laplace",
            Self::StudentT3 => "t3",
        }
    }

    /// One error.
    pub fn sample(self, stream: &mut Stream) -> f64 {
        match self {
            Self::Gaussian => stream.normal(),
            Self::Laplace => {
                let size = -stream.share().ln() * std::f64::consts::FRAC_1_SQRT_2;
                if stream.bits() & 1 == 0 { size } else { -size }
            }
            Self::StudentT3 => {
                // z / sqrt(chi^2 / 3) has variance 3.
                let chi: f64 = (0..3).map(|_| stream.normal().powi(2)).sum();
                stream.normal() / chi.sqrt()
            }
        }
    }
}

impl fmt::Display for Noise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Noise {
    type Err = CalculatorError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|noise| noise.name() == text);
        found.ok_or_else(|| CalculatorError::UnknownNoise(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_family_has_its_tail() {
        // P(|x| > 3): 2 Phi(-3), exp(-3 sqrt 2), and 2 P(T > 3 sqrt 3) with three degrees.
        let expected =
            [(Noise::Gaussian, 0.0027), (Noise::Laplace, 0.014_37), (Noise::StudentT3, 0.013_85)];
        for (noise, share) in expected {
            let mut stream = Stream::of(1, noise.name(), 0);
            let beyond = (0..40_000).filter(|_| noise.sample(&mut stream).abs() > 3.0).count();
            let found = f64::from(u32::try_from(beyond).unwrap()) / 40_000.0;
            let error = (share * (1.0 - share) / 40_000.0_f64).sqrt();
            assert!((found - share).abs() < 4.0 * error, "{noise}: {found}");
        }
    }

    #[test]
    fn an_unknown_family_is_named() {
        let refused = "cauchy".parse::<Noise>().unwrap_err();
        assert_eq!(
            refused.to_string(),
            "no noise is called cauchy; there are gaussian, laplace, t3"
        );
    }
}
