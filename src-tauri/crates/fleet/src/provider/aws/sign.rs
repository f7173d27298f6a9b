//! Signs requests (Signature Version 4).

use std::{error::Error, time::SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};

use super::credentials::Keys;

/// What is signed.
pub(crate) struct Unsigned<'a> {
    /// The whole address.
    pub(crate) url: &'a str,
    /// Those headers that are sent as they are.
    pub(crate) headers: &'a [(&'static str, &'a str)],
    pub(crate) body: &'a [u8],
}

/// Where and when the signature is to hold.
pub(crate) struct Scope<'a> {
    pub(crate) region: &'a str,
    pub(crate) service: &'static str,
    pub(crate) at: SystemTime,
}

/// The headers that make `request`, which is a POST, one of whoever has `keys`.
///
/// # Errors
/// If the address is none.
pub(crate) fn headers(
    request: &Unsigned<'_>,
    scope: &Scope<'_>,
    keys: &Keys,
) -> Result<Vec<(&'static str, String)>, Box<dyn Error + Send + Sync>> {
    let session = keys.session.as_ref().map(|session| session.reveal().to_owned());
    let identity = Credentials::new(keys.id.as_str(), keys.secret.reveal(), session, None, "estatus").into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(scope.region)
        .name(scope.service)
        .time(scope.at)
        .settings(SigningSettings::default());
    let params = params.build()?.into();
    let headers = request.headers.iter().copied();
    let signable = SignableRequest::new("POST", request.url, headers, SignableBody::Bytes(request.body))?;
    let (headers, _) = sign(signable, &params)?.into_parts().0.into_parts();
    Ok(headers.iter().map(|header| (header.name(), header.value().to_owned())).collect())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use estatus_core::secret::Secret;

    use super::*;

    /// The request `post-x-www-form-urlencoded` of the test suite that AWS has published for this version, at its time.
    #[track_caller]
    fn check(session: Option<&str>, expected: &[(&str, &str)]) {
        let keys = Keys {
            id: "AKIDEXAMPLE".to_owned(),
            secret: Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
            session: session.map(Secret::new),
            until: None,
        };
        let request = Unsigned {
            url: "https://example.amazonaws.com/",
            headers: &[("content-type", "application/x-www-form-urlencoded")],
            body: b"Param1=value1",
        };
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_440_938_160);
        let headers = headers(&request, &Scope { region: "us-east-1", service: "service", at }, &keys).unwrap();
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(headers, expected);
    }

    #[test]
    fn a_request_is_signed_as_the_one_that_aws_has_published() {
        let authorization = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
                             SignedHeaders=content-type;host;x-amz-date, \
                             Signature=ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a";
        check(None, &[("x-amz-date", "20150830T123600Z"), ("authorization", authorization)]);
    }
}
